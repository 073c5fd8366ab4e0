#include "controller/run/examinations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/matchers.h"
#include "tests/unit/run/fake_agent.h"
#include "tests/unit/run/fake_events.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using testing::StatusIs;

bool Never() { return false; }

v1::Examined Saying(std::uint64_t id, const std::string& detail) {
  v1::Examined examined;
  examined.set_id(id);
  v1::Finding& finding = *examined.mutable_examination()->add_findings();
  finding.set_subject("kernel");
  finding.set_health(v1::HEALTH_GOOD);
  finding.set_detail(detail);
  return examined;
}

class ExaminationsTest : public ::testing::Test {
 protected:
  ExaminationsTest() {
    for (FakeAgent* agent : {&london_, &paris_}) EXPECT_TRUE(agent->Join(fleet_).ok());
  }

  // Those that answer; joined before what they answer goes.
  void Join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  std::vector<std::thread> threads_;
  FakeEvents events_;
  Fleet fleet_{{.token = 42}, events_};
  FakeAgent london_{"lon-1", "172.32.1.1"};
  FakeAgent paris_{"par-1", "172.33.1.1"};
};

// The question that an agent was sent; 0: none.
std::uint64_t TakeQuestion(FakeAgent& agent) {
  const auto asked = agent.Take(v1::SessionResponse::kExamine);
  return asked.empty() ? 0 : asked.back().examine().id();
}

TEST_F(ExaminationsTest, EveryNodeSaysWhatItHasFound) {
  Examinations examinations(fleet_, seconds(30));
  // Asked while it is waited for, after all questions were sent.
  const auto answer = [&] {
    if (const std::uint64_t id = TakeQuestion(london_)) {
      threads_.emplace_back([&examinations, id, this] {
        examinations.OnExamined(london_.name(), Saying(id, "Linux"));
        examinations.OnExamined(paris_.name(), Saying(id, "evil \x1b[2J\nline"));
      });
    }
    return false;
  };
  const auto said = examinations.Ask({}, answer);
  Join();
  ASSERT_TRUE(said.ok()) << said.status();
  ASSERT_THAT(*said, SizeIs(2));
  EXPECT_EQ((*said)[0].name(), "lon-1");
  EXPECT_EQ((*said)[0].examination().findings(0).detail(), "Linux");
  EXPECT_EQ((*said)[1].silence(), "");
  EXPECT_THAT((*said)[1].examination().findings(0).detail(), Not(HasSubstr("\x1b")));
  EXPECT_THAT((*said)[1].examination().findings(0).detail(), Not(HasSubstr("\n")));
}

TEST_F(ExaminationsTest, NodesThatAreNotThereOrDoNotAnswerAreSaidNotTo) {
  Examinations examinations(fleet_, milliseconds(50));
  london_.Leave(fleet_);
  const auto said = examinations.Ask({}, Never);
  ASSERT_TRUE(said.ok());
  EXPECT_THAT((*said)[0].silence(), HasSubstr("not connected"));
  EXPECT_THAT((*said)[1].silence(), HasSubstr("has not answered within 50ms"));
}

TEST_F(ExaminationsTest, ANodeThatIsLostMeanwhileIsNotWaitedFor) {
  Examinations examinations(fleet_, std::chrono::hours(1));
  const auto leave = [&] {
    threads_.emplace_back([&examinations, this] { examinations.OnLeave(paris_.name()); });
    return false;
  };
  const auto said = examinations.Ask({"par-1"}, leave);
  Join();
  ASSERT_TRUE(said.ok());
  ASSERT_THAT(*said, SizeIs(1));
  EXPECT_EQ((*said)[0].silence(), "was lost while it was asked");
}

TEST_F(ExaminationsTest, NobodyIsAskedOnceTheCallerHasGone) {
  Examinations examinations(fleet_, std::chrono::hours(1));
  EXPECT_TRUE(examinations.Ask({"par-1"}, [] { return true; }).ok());
}

TEST_F(ExaminationsTest, NamesThatNobodyHasAreToldBack) {
  Examinations examinations(fleet_, milliseconds(1));
  EXPECT_THAT(examinations.Ask({"lon-1", "lon-9"}, Never),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no node has the name 'lon-9'")));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kExamine), IsEmpty());
}

TEST_F(ExaminationsTest, AFloodOfQuestionsIsNotPassedOn) {
  Examinations examinations(fleet_, milliseconds(1));
  int asked = 0;
  absl::Status status;
  while (asked < 1000 && status.ok()) {
    status = examinations.Ask({"lon-1"}, [] { return true; }).status();
    ++asked;
  }
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("ask again in some seconds")));
  EXPECT_THAT(london_.Take(v1::SessionResponse::kExamine), SizeIs(::testing::Le(asked - 1)));
}

TEST_F(ExaminationsTest, OfManyAtATimeSomeAreRefused) {
  Examinations examinations(fleet_, std::chrono::hours(1));
  std::atomic<bool> over = false;
  std::atomic<int> waiting = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < Examinations::kMostAtOnce; ++i) {
    threads.emplace_back([&] {
      bool counted = false;
      const auto is_over = [&] {
        if (!std::exchange(counted, true)) ++waiting;
        return over.load();
      };
      EXPECT_TRUE(examinations.Ask({"lon-1"}, is_over).ok());
    });
  }
  while (waiting < Examinations::kMostAtOnce) std::this_thread::yield();
  EXPECT_EQ(examinations.Ask({"lon-1"}, Never).status().code(), absl::StatusCode::kResourceExhausted);
  over = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(examinations.Ask({"lon-1"}, [] { return true; }).ok());
}

TEST_F(ExaminationsTest, WhatWasNotAskedOrIsTooMuchIsNotTaken) {
  Examinations examinations(fleet_, seconds(30));
  examinations.OnExamined(london_.name(), Saying(7, "never asked"));
  const auto answer = [&] {
    if (const std::uint64_t id = TakeQuestion(london_)) {
      threads_.emplace_back([&examinations, id, this] {
        // Of another question, and of a node that was not asked.
        examinations.OnExamined(london_.name(), Saying(id + 1, "Linux"));
        examinations.OnExamined(paris_.name(), Saying(id, "Linux"));
        examinations.OnExamined(london_.name(), Saying(id, std::string(10'000, 'x')));
      });
    }
    return false;
  };
  const auto said = examinations.Ask({"lon-1"}, answer);
  Join();
  ASSERT_TRUE(said.ok());
  ASSERT_THAT(*said, SizeIs(1));
  EXPECT_THAT((*said)[0].silence(), HasSubstr("its answer is not to be believed: a finding of more than 2000 bytes"));
}

}  // namespace
}  // namespace faultline
