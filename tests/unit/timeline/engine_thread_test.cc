#include "agent/timeline/engine_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>

#include "tests/fakes/fake_kernel.h"
#include "tests/unit/timeline/timeline_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Lets a test wait for the end of a run.
class WaitingListener : public EngineListener {
 public:
  void OnStep(const RunId&, const StepReport&) override {
    const std::lock_guard lock(mutex_);
    ++steps_;
  }
  void OnRunEnd(const RunId&, const RunReport& report) override {
    const std::lock_guard lock(mutex_);
    ends_.push_back(report.end);
    changed_.notify_all();
  }
  void OnForeignChange(const RunId&, std::optional<Duration>, const std::string&) override {}
  std::vector<RunEnd> AwaitEnds(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds(20), [&] { return ends_.size() >= count; });
    return ends_;
  }
  int steps() {
    const std::lock_guard lock(mutex_);
    return steps_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<RunEnd> ends_;
  int steps_ = 0;
};

class EngineThreadTest : public ::testing::Test {
 protected:
  Timeline ShortTimeline(const std::string& run) {
    Timeline timeline = SampleTimeline({{milliseconds(5), milliseconds(100)}}, run);
    timeline.length = milliseconds(150);
    return timeline;
  }

  SystemClock clock_;
  FakeKernel kernel_{clock_};
  WaitingListener listener_;
};

TEST_F(EngineThreadTest, WakesAtEveryInstantOfARun) {
  EngineThread engine(kernel_, clock_, listener_, Limits{});
  const Timeline timeline = ShortTimeline("split-1");
  ASSERT_TRUE(engine.Arm(timeline, SampleProgram(timeline)).ok());
  ASSERT_TRUE(engine.Fire(timeline.run, clock_.Now() + milliseconds(5)).ok());
  EXPECT_THAT(listener_.AwaitEnds(1), ::testing::ElementsAre(RunEnd::kCompleted));
  EXPECT_EQ(listener_.steps(), 2);
}

TEST_F(EngineThreadTest, DestructionHeals) {
  {
    EngineThread engine(kernel_, clock_, listener_, Limits{});
    const Timeline timeline = SampleTimeline({{seconds(0), seconds(50)}});
    ASSERT_TRUE(engine.Arm(timeline, SampleProgram(timeline)).ok());
    ASSERT_TRUE(engine.Fire(timeline.run, clock_.Now()).ok());
    EXPECT_THAT(kernel_.ActiveSteps(timeline.run), ::testing::ElementsAre(0));
  }
  EXPECT_THAT(kernel_.InstalledRuns(), ::testing::IsEmpty());
  EXPECT_THAT(listener_.AwaitEnds(1), ::testing::ElementsAre(RunEnd::kShutdown));
}

TEST_F(EngineThreadTest, IsUsedFromManyThreads) {
  EngineThread engine(kernel_, clock_, listener_, Limits{.max_duration = std::chrono::hours(1), .max_runs = 100});
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const Timeline timeline = ShortTimeline("run-" + std::to_string(i));
      ASSERT_TRUE(engine.Arm(timeline, SampleProgram(timeline)).ok());
      engine.Renew({timeline.run}, clock_.Now());
      ASSERT_TRUE(engine.Fire(timeline.run, clock_.Now()).ok());
      engine.Held();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(listener_.AwaitEnds(8).size(), 8u);
  EXPECT_THAT(kernel_.InstalledRuns(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace faultline
