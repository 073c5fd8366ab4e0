#include "controller/guard/command_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "controller/guard/deadline.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

CommandResult Execute(std::vector<std::string> arguments, Duration timeout = seconds(20)) {
  const StopSignal stop;
  return RunCommand({.command = {std::move(arguments)},
                     .context = {.run = "split-1", .plan = "split", .step = "cut", .moment = "before"},
                     .timeout = timeout},
                    stop);
}
CommandResult Shell(const std::string& script, Duration timeout = seconds(20)) {
  return Execute({"sh", "-c", script}, timeout);
}

// A file that a script wrote its process id to.
pid_t PidIn(const std::string& path) {
  pid_t pid = 0;
  std::ifstream(path) >> pid;
  return pid;
}

// Whether the process is gone; a zombie is.
bool IsGone(pid_t pid) {
  std::string stat;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), stat);
  const std::size_t end = stat.rfind(')');
  return end == stat.npos || stat.substr(end, 3) == ") Z";
}

TEST(CommandRunnerTest, GivesOutputOfBothStreamsAndExitCode) {
  const CommandResult result = Shell("echo out; echo err >&2; exit 3");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.output, HasSubstr("out\n"));
  EXPECT_THAT(result.output, HasSubstr("err\n"));
  EXPECT_FALSE(result.timed_out);
  EXPECT_FALSE(result.truncated);
}

// A script that prints what clients did.
CommandResult Operations(const std::string& script, Duration timeout = seconds(60)) {
  const StopSignal stop;
  return RunCommand(
      {.command = {{"sh", "-c", script}}, .timeout = timeout, .operations_from = WallTime(seconds(1'763'846'400))},
      stop);
}

TEST(CommandRunnerTest, CountsOperationsAndKeepsNoneOfTheirText) {
  const CommandResult result =
      Operations("echo '{\"time\": 1763846401, \"side\": \"london\", \"ok\": true}'; echo oops; echo err >&2; exit 3");
  ASSERT_TRUE(result.operations);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.output, "err\n");
  EXPECT_EQ(result.operations->lines.operations(), 1u);
  EXPECT_EQ(result.operations->lines.bad(), 1u);
  EXPECT_EQ(result.operations->lines.first_bad(), "line 2: it is no JSON object");
  EXPECT_EQ(result.operations->log.sides().at("london").at(100).acknowledged, 1u);
}

TEST(CommandRunnerTest, ReadsAllOperationsOfAProgramThatHasEnded) {
  // More than is kept of text, and at the end as much as a pipe holds.
  const CommandResult result =
      Operations("yes '{\"time\": 1763846401, \"side\": \"london\", \"ok\": false, \"count\": 2}' | head -n 20000");
  ASSERT_TRUE(result.operations);
  EXPECT_EQ(result.operations->lines.operations(), 20'000u);
  EXPECT_EQ(result.operations->log.sides().at("london").at(100).failed, 40'000u);
  EXPECT_FALSE(result.truncated);
}

TEST(CommandRunnerTest, OperationsOfAProgramThatIsKilledCount) {
  const CommandResult result =
      Operations("echo '{\"time\": 1763846401, \"side\": \"a\", \"ok\": true}'; exec sleep 60", seconds(2));
  EXPECT_TRUE(result.timed_out);
  ASSERT_TRUE(result.operations);
  EXPECT_EQ(result.operations->lines.operations(), 1u);
  EXPECT_FALSE(RunCommand({.command = {{"/no/such/program"}}, .operations_from = WallTime()}, StopSignal()).operations);
}

TEST(CommandRunnerTest, ArgumentsMeetNoShell) {
  EXPECT_EQ(Execute({"printf", "%s|", "$HOME", "a b", "*", ";exit 1"}).output, "$HOME|a b|*|;exit 1|");
}

TEST(CommandRunnerTest, EnvironmentIsPathAndContextOnly) {
  setenv("FAULTLINE_TEST_SECRET", "x", 1);
  std::string output = Execute({"env"}).output;
  std::vector<std::string> lines;
  std::istringstream stream(output);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  EXPECT_THAT(lines,
              ::testing::UnorderedElementsAre(StartsWith("PATH="), "FAULTLINE_RUN=split-1", "FAULTLINE_PLAN=split",
                                              "FAULTLINE_STEP=cut", "FAULTLINE_MOMENT=before"));
}

TEST(CommandRunnerTest, HasNothingToReadAndNoFileOfOurs) {
  const std::string file = "/proc/self/exe";
  const std::ifstream held(file);
  // ls itself opens the folder it lists, as 3.
  EXPECT_EQ(Shell("cat; ls /proc/self/fd | tr '\\n' ' '").output, "0 1 2 3 ");
}

TEST(CommandRunnerTest, SignalsAreAsAtALogIn) {
  sigset_t blocked;
  sigset_t old;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &old);
  const CommandResult result = Shell("kill -TERM $$; echo alive");
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  EXPECT_EQ(result.exit_code, 128 + SIGTERM);
  EXPECT_EQ(result.output, "");
}

TEST(CommandRunnerTest, TimeLimitKillsItAndItsChildren) {
  std::string folder = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const Deadline deadline(seconds(60));
  const CommandResult result =
      Shell("trap '' TERM; sleep 60 & echo $! > " + folder + "/child; echo begun; wait; sleep 60", milliseconds(700));
  EXPECT_LT(deadline.Elapsed(), seconds(50));
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.exit_code, 128 + SIGKILL);
  EXPECT_EQ(result.output, "begun\n");
  const pid_t child = PidIn(folder + "/child");
  ASSERT_GT(child, 0);
  while (!IsGone(child) && !deadline.passed()) std::this_thread::yield();
  EXPECT_TRUE(IsGone(child));
  std::filesystem::remove_all(folder);
}

TEST(CommandRunnerTest, WhatItLeavesBehindIsKilledAndNotWaitedFor) {
  const Deadline deadline(seconds(60));
  const CommandResult result = Shell("sleep 60 & echo $!");
  EXPECT_LT(deadline.Elapsed(), seconds(50));
  EXPECT_EQ(result.exit_code, 0);
  const pid_t child = std::stoi(result.output);
  while (!IsGone(child) && !deadline.passed()) std::this_thread::yield();
  EXPECT_TRUE(IsGone(child));
}

TEST(CommandRunnerTest, OutputIsCutAfterItsHead) {
  const CommandResult result = Shell("printf head; head -c 300000 /dev/zero | tr '\\0' x; echo e >&2");
  EXPECT_TRUE(result.truncated);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output.size(), kMostOutput + 2);
  EXPECT_EQ(result.output.substr(0, 5), "headx");
}

TEST(CommandRunnerTest, EndlessOutputEndsAtTheTimeLimit) {
  const Deadline deadline(seconds(60));
  const CommandResult result = Execute({"yes"}, milliseconds(300));
  EXPECT_LT(deadline.Elapsed(), seconds(50));
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.output.size(), kMostOutput);
}

TEST(CommandRunnerTest, WhatCannotBeStartedSaysWhy) {
  const CommandResult result = Execute({"/no/such/program"});
  EXPECT_EQ(result.exit_code, 127);
  EXPECT_EQ(result.output, "cannot start '/no/such/program': No such file or directory");
  EXPECT_EQ(Execute({}).exit_code, 127);
}

TEST(CommandRunnerTest, ProgramWhoseEndIsNotKnownHasFailed) {
  signal(SIGCHLD, SIG_IGN);
  const CommandResult result = Shell("echo fine; exit 3");
  signal(SIGCHLD, SIG_DFL);
  EXPECT_EQ(result.exit_code, 127);
  EXPECT_EQ(result.output, "fine\n'sh': its end is not known: No child processes");
  const CheckResult judged = JudgeCommand(result);
  EXPECT_FALSE(judged.passed);
  EXPECT_EQ(judged.detail, "'sh': its end is not known: No child processes");
}

// Some of these are over before they can be watched.
TEST(CommandRunnerTest, ProgramsThatNobodyWaitsForDoNotCountAsTooSlow) {
  signal(SIGCHLD, SIG_IGN);
  int slow = 0;
  int known = 0;
  for (int i = 0; i < 50; ++i) {
    const CommandResult result = Execute({"true"});
    slow += result.timed_out ? 1 : 0;
    known += result.exit_code == 127 ? 0 : 1;
  }
  signal(SIGCHLD, SIG_DFL);
  EXPECT_EQ(slow, 0);
  EXPECT_EQ(known, 0);
}

TEST(CommandRunnerTest, StopKillsAtOnce) {
  StopSignal stop;
  const Deadline deadline(seconds(60));
  std::thread stopper([&] { stop.Raise(); });
  const CommandResult result = RunCommand({.command = {{"sleep", "60"}}, .timeout = seconds(60)}, stop);
  stopper.join();
  EXPECT_LT(deadline.Elapsed(), seconds(50));
  EXPECT_EQ(result.exit_code, 128 + SIGKILL);
}

TEST(CommandRunnerTest, JudgementHasTheLastLine) {
  const CheckResult failed = JudgeCommand({.exit_code = 1, .output = "first\nno\tquorum\n\n"});
  EXPECT_FALSE(failed.passed);
  EXPECT_EQ(failed.detail, "exit code 1: no quorum");
  const CheckResult passed = JudgeCommand({.exit_code = 0});
  EXPECT_TRUE(passed.passed);
  EXPECT_EQ(passed.detail, "exit code 0");
  const CheckResult late = JudgeCommand({.took = seconds(5), .exit_code = 0, .timed_out = true});
  EXPECT_FALSE(late.passed);
  EXPECT_EQ(late.detail, "no end within 5s");
  EXPECT_EQ(JudgeCommand({.exit_code = 1, .output = "\xff\x1b[1m"}).detail, "exit code 1: ??[1m");
}

}  // namespace
}  // namespace faultline
