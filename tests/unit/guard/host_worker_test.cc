#include "controller/guard/host_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "controller/guard/deadline.h"

namespace faultline {
namespace {

using std::chrono::seconds;

constexpr HostThreads kOneOfEach = {.checks = 1, .commands = 1, .lookups = 1};

CheckRequest ShellCheck(const std::string& script, Duration timeout = seconds(30)) {
  return {.check = Command{{"sh", "-c", script}}, .context = {.run = "split-1"}, .timeout = timeout};
}

TEST(HostWorkerTest, DoesEveryKindOfWorkOnThreadsOfItsOwn) {
  HostWorker worker;
  std::promise<CheckResult> checked;
  std::promise<CommandResult> ran;
  std::promise<absl::StatusOr<LookedUp>> found;
  worker.Check(ShellCheck("test \"$FAULTLINE_RUN\" = split-1"), [&](CheckResult result) { checked.set_value(result); });
  worker.Run({.command = {{"echo", "hi"}}, .timeout = seconds(30)},
             [&](CommandResult result) { ran.set_value(result); });
  worker.LookUp({"127.0.0.1", "::1"}, [&](absl::StatusOr<LookedUp> names) { found.set_value(names); });
  EXPECT_TRUE(checked.get_future().get().passed);
  EXPECT_EQ(ran.get_future().get().output, "hi\n");
  const absl::StatusOr<LookedUp> names = found.get_future().get();
  ASSERT_TRUE(names.ok()) << names.status();
  ASSERT_EQ(names->size(), 2u);
  EXPECT_EQ(names->at(1).first, "::1");
}

TEST(HostWorkerTest, NoMoreAtATimeThanThreads) {
  HostWorker worker(kOneOfEach);
  std::promise<void> hold;
  std::promise<void> first_began;
  std::atomic<bool> second = false;
  worker.LookUp({}, [&](const absl::StatusOr<LookedUp>&) {
    first_began.set_value();
    hold.get_future().wait();
    EXPECT_FALSE(second);
  });
  std::promise<void> done;
  worker.LookUp({}, [&](const absl::StatusOr<LookedUp>&) {
    second = true;
    done.set_value();
  });
  first_began.get_future().wait();
  hold.set_value();
  done.get_future().wait();
}

TEST(HostWorkerTest, BeyondTheLimitItSaysSo) {
  HostWorker worker(kOneOfEach);
  std::promise<void> hold;
  std::promise<void> began;
  worker.LookUp({}, [&](const absl::StatusOr<LookedUp>&) {
    began.set_value();
    hold.get_future().wait();
  });
  began.get_future().wait();
  for (std::size_t i = 0; i < WorkPool::kMostWaiting; ++i) worker.LookUp({}, [](const absl::StatusOr<LookedUp>&) {});
  std::promise<CheckResult> refused;
  worker.Check(ShellCheck("true"), [&](CheckResult result) { refused.set_value(result); });
  hold.set_value();
  EXPECT_EQ(refused.get_future().get().detail, "the controller has too many checks and commands at once");
}

TEST(HostWorkerTest, CommandsAndNamesDoNotHoldUpChecks) {
  HostWorker worker(kOneOfEach);
  std::promise<void> hold;
  std::shared_future<void> held = hold.get_future().share();
  for (int i = 0; i < 2; ++i) {
    worker.Run({.command = {{"sleep", "60"}}, .timeout = seconds(60)}, [](const CommandResult&) {});
    worker.LookUp({"127.0.0.1"}, [held](const absl::StatusOr<LookedUp>&) { held.wait(); });
  }
  std::promise<CheckResult> checked;
  worker.Check(ShellCheck("true"), [&](CheckResult result) { checked.set_value(result); });
  std::future<CheckResult> answer = checked.get_future();
  ASSERT_EQ(answer.wait_for(seconds(20)), std::future_status::ready);
  EXPECT_TRUE(answer.get().passed);
  // Nor does a plan without names wait for those of others.
  std::promise<void> none;
  worker.LookUp({}, [&](const absl::StatusOr<LookedUp>&) { none.set_value(); });
  EXPECT_EQ(none.get_future().wait_for(seconds(20)), std::future_status::ready);
  hold.set_value();
}

TEST(HostWorkerTest, StopKillsWhatRunsAndCallsNobody) {
  HostWorker worker(kOneOfEach);
  std::atomic<int> calls = 0;
  std::promise<void> began;
  worker.LookUp({}, [&](const absl::StatusOr<LookedUp>&) { began.set_value(); });
  worker.Check(ShellCheck("sleep 60", seconds(60)), [&](const CheckResult&) { ++calls; });
  worker.Check(ShellCheck("true"), [&](const CheckResult&) { ++calls; });
  began.get_future().wait();
  const Deadline deadline(seconds(60));
  worker.Stop();
  EXPECT_LT(deadline.Elapsed(), seconds(50));
  EXPECT_EQ(calls, 0);
  worker.Check(ShellCheck("true"), [&](const CheckResult&) { ++calls; });
}

}  // namespace
}  // namespace faultline
