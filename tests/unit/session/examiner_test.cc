#include "agent/session/examiner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A look that stops at a gate, and who hears the answers.
class Bench {
 public:
  Examiner::Look look() {
    return [this] {
      std::unique_lock lock(mutex_);
      ++looks_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return open_; });
      return Examination{Good("kernel", "Linux")};
    };
  }
  Examiner::Answer answer() {
    return [this](const v1::SessionRequest& message) {
      const std::lock_guard lock(mutex_);
      EXPECT_EQ(message.examined().examination().findings(0).subject(), "kernel");
      answered_.push_back(message.examined().id());
      changed_.notify_all();
    };
  }
  void AwaitLooks(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this, count] { return looks_ >= count; });
  }
  void AwaitAnswer(std::uint64_t id) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this, id] { return !answered_.empty() && answered_.back() == id; });
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  int looks() const { return looks_; }
  const std::vector<std::uint64_t>& answered() const { return answered_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  std::atomic<int> looks_ = 0;
  std::vector<std::uint64_t> answered_;
};

TEST(ExaminerTest, WhoeverAsksAgainAndAgainHasItLookOnceMore) {
  Bench bench;
  {
    Examiner examiner(bench.look(), bench.answer());
    examiner.Ask(1);
    bench.AwaitLooks(1);
    for (std::uint64_t id = 2; id <= 10'000; ++id) examiner.Ask(id);
    bench.Open();
    bench.AwaitAnswer(10'000);
  }
  EXPECT_EQ(bench.looks(), 2);
  EXPECT_THAT(bench.answered(), ElementsAre(1, 10'000));
}

TEST(ExaminerTest, WhoHasGoneIsNotAnswered) {
  Bench bench;
  {
    Examiner examiner(bench.look(), bench.answer());
    examiner.Ask(1);
    bench.AwaitLooks(1);
    examiner.Ask(2);
    examiner.Forget();
    bench.Open();
    examiner.Ask(3);
    bench.AwaitAnswer(3);
  }
  EXPECT_THAT(bench.answered(), ElementsAre(3));
}

TEST(ExaminerTest, WhatAControllerWouldRefuseIsCut) {
  std::atomic<bool> answered = false;
  v1::Examination told;
  Examiner examiner([] { return Examination(1000, Good("interfaces", std::string(10'000, 'a'))); },
                    [&](const v1::SessionRequest& message) {
                      told = message.examined().examination();
                      answered = true;
                      answered.notify_all();
                    });
  examiner.Ask(1);
  answered.wait(false);
  EXPECT_LE(told.findings_size(), 200);
  EXPECT_LE(told.findings(0).detail().size(), 2000U);
}

TEST(ExaminerTest, WithoutALookNobodyIsAnswered) {
  Bench bench;
  {
    Examiner examiner(nullptr, bench.answer());
    examiner.Ask(1);
  }
  EXPECT_THAT(bench.answered(), IsEmpty());
}

}  // namespace
}  // namespace faultline
