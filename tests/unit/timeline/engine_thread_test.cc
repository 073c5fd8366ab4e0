#include "agent/timeline/engine_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <condition_variable>
#include <future>
#include <set>

#include "agent/timeline/real_time.h"
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

TEST_F(EngineThreadTest, ALeaseIsRenewedByTheThread) {
  EngineThread engine(kernel_, clock_, listener_, Limits{});
  Timeline timeline = ShortTimeline("split-1");
  timeline.lease = milliseconds(1000);
  timeline.length = milliseconds(1500);
  ASSERT_TRUE(engine.Arm(timeline, SampleProgram(timeline)).ok());
  engine.Renew({timeline.run, RunId("unknown")}, clock_.Now() + seconds(10));
  ASSERT_TRUE(engine.Fire(timeline.run, clock_.Now()).ok());
  EXPECT_THAT(listener_.AwaitEnds(1), ::testing::ElementsAre(RunEnd::kCompleted));
}

// Installs when it is told to.
class WaitingKernel : public FakeKernel {
 public:
  using FakeKernel::FakeKernel;
  absl::Status Install(const Program& program) override {
    begun.set_value();
    may_go.get_future().wait();
    return FakeKernel::Install(program);
  }
  std::promise<void> begun;
  std::promise<void> may_go;
};

TEST_F(EngineThreadTest, WhoRenewsWaitsForNobody) {
  WaitingKernel kernel(clock_);
  EngineThread engine(kernel, clock_, listener_, Limits{});
  const Timeline timeline = ShortTimeline("split-1");
  auto armed = std::async(std::launch::async, [&] { return engine.Arm(timeline, SampleProgram(timeline)); });
  kernel.begun.get_future().wait();
  auto renewed = std::async(std::launch::async, [&] { engine.Renew({timeline.run}, clock_.Now()); });
  EXPECT_EQ(renewed.wait_for(seconds(20)), std::future_status::ready);
  kernel.may_go.set_value();
  EXPECT_TRUE(armed.get().ok());
}

// Remembers under which policies, and on which threads, it was called to switch, and to remove.
class SchedulingKernel : public FakeKernel {
 public:
  using FakeKernel::FakeKernel;
  struct Calls {
    std::set<int> policies;
    std::set<std::thread::id> threads;

    void Add() {
      policies.insert(sched_getscheduler(0) & ~SCHED_RESET_ON_FORK);
      threads.insert(std::this_thread::get_id());
    }
  };
  absl::Status Switch(const RunId& run, std::span<const StepIndex> close, std::span<const GateOpening> open) override {
    switched_.Add();
    return FakeKernel::Switch(run, close, open);
  }
  absl::Status Remove(const RunId& run) override {
    removed_.Add();
    return FakeKernel::Remove(run);
  }
  // REQUIRES: nothing is held any more.
  const Calls& switched() const { return switched_; }
  const Calls& removed() const { return removed_; }

 private:
  Calls switched_;
  Calls removed_;
};

TEST_F(EngineThreadTest, MadeRealTimeItStillTakesApartAsEverybodyElse) {
  SchedulingKernel kernel(clock_);
  EngineThread engine(kernel, clock_, listener_, Limits{});
  const absl::Status made = MakeRealTime(getpid());
  EXPECT_TRUE(made.ok() || absl::IsPermissionDenied(made)) << made;
  EXPECT_EQ(IsRealTime(getpid()).value(), made.ok());
  const Timeline timeline = ShortTimeline("split-1");
  ASSERT_TRUE(engine.Arm(timeline, SampleProgram(timeline)).ok());
  ASSERT_TRUE(engine.Fire(timeline.run, clock_.Now() + milliseconds(50)).ok());
  ASSERT_THAT(listener_.AwaitEnds(1), ::testing::ElementsAre(RunEnd::kCompleted));
  EXPECT_THAT(kernel.switched().policies, ::testing::ElementsAre(made.ok() ? SCHED_FIFO : SCHED_OTHER));
  EXPECT_THAT(kernel.removed().policies, ::testing::ElementsAre(SCHED_OTHER));
  ASSERT_THAT(kernel.switched().threads, ::testing::SizeIs(1));
  EXPECT_NE(kernel.switched().threads, kernel.removed().threads);
}

TEST(RealTime, WouldKeepOthersFromLimitsInAGroupOfSomeKernels) {
  const absl::string_view with = "CONFIG_CGROUPS=y\nCONFIG_RT_GROUP_SCHED=y\n";
  const absl::string_view without = "# CONFIG_RT_GROUP_SCHED is not set\nCONFIG_RT_GROUP_SCHED_X=y\n";
  const absl::string_view service = "0::/system.slice/faultline-agent.service\n";
  EXPECT_TRUE(WouldDenyOthers(with, service));
  EXPECT_FALSE(WouldDenyOthers(without, service));
  EXPECT_FALSE(WouldDenyOthers("", service));
  EXPECT_FALSE(WouldDenyOthers(with, "0::/\n"));
  EXPECT_FALSE(WouldDenyOthers(with, "4:cpu,cpuacct:/system.slice\n0::/system.slice/faultline-agent.service\n"));
  EXPECT_FALSE(WouldDenyOthers(with, ""));
}

TEST(RealTime, AProcessWithoutTheThreadIsNotFound) {
  EXPECT_EQ(MakeRealTime(getpid()).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(IsRealTime(getpid()).status().code(), absl::StatusCode::kNotFound);
}

// Counts beats, and lets a test wait for them.
class Beats {
 public:
  void Add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  int Await(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds(20), [&] { return count_ >= count; });
    return count_;
  }
  int count() { return Await(0); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

TEST_F(EngineThreadTest, ItsPulseBeatsWhileItIsIdle) {
  Beats beats;
  EngineThread engine(kernel_, clock_, listener_, Limits{}, Pulse(milliseconds(2), [&] { beats.Add(); }));
  EXPECT_GE(beats.Await(5), 5);
}

TEST_F(EngineThreadTest, ItsPulseStopsWhileTheEngineIsHeldUp) {
  // Holds the engine up, from another thread, for many intervals; `meanwhile` is what beat by then.
  class Blocking : public WaitingListener {
   public:
    explicit Blocking(Beats& beats) : beats_(beats) {}
    void OnRunEnd(const RunId& run, const RunReport& report) override {
      const SystemClock clock;
      const int before = beats_.count();
      const MonotonicTime until = clock.Now() + milliseconds(50);
      while (clock.Now() < until) std::this_thread::yield();
      meanwhile_ = beats_.count() - before;
      WaitingListener::OnRunEnd(run, report);
    }
    int meanwhile() const { return meanwhile_; }

   private:
    Beats& beats_;
    int meanwhile_ = -1;
  };
  Beats beats;
  Blocking listener(beats);
  EngineThread engine(kernel_, clock_, listener, Limits{}, Pulse(milliseconds(2), [&] { beats.Add(); }));
  const Timeline timeline = SampleTimeline({{seconds(0), seconds(50)}});
  ASSERT_TRUE(engine.Arm(timeline, SampleProgram(timeline)).ok());
  EXPECT_TRUE(engine.EndAll(RunEnd::kLocalHeal, "").ok());
  EXPECT_EQ(listener.meanwhile(), 0);
  const int after = beats.count();
  EXPECT_GT(beats.Await(after + 3), after);
}

}  // namespace
}  // namespace faultline
