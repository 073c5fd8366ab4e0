#include "tests/lab/kernel/other_agent.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "agent/kernel/linux_kernel.h"
#include "common/unique_fd.h"

namespace faultline::testing {
namespace {

[[noreturn]] void Live(const Netns& netns, bool use_table_owner, const Program& program, Duration timeout, int ready) {
  const InNetns inside(netns);
  const auto kernel = LinuxKernel::Open({.use_table_owner = use_table_owner});
  std::vector<GateOpening> open;
  for (const Program::StepRules& step : program.steps) open.push_back({step.index, timeout});
  if (!kernel.ok() || !(*kernel)->Install(program).ok() || !(*kernel)->Switch(program.run, {}, open).ok()) _exit(1);
  if (write(ready, "y", 1) != 1) _exit(1);
  while (true) pause();
}

}  // namespace

OtherAgent::OtherAgent(const Netns& netns, bool use_table_owner, const Program& program, Duration timeout) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  child_ = fork();
  if (child_ == 0) Live(netns, use_table_owner, program, timeout, ends[1]);
  close(ends[1]);
  const UniqueFd ready(ends[0]);
  char answer = 0;
  EXPECT_EQ(read(ready.get(), &answer, 1), 1) << "the other agent could not install";
}

void OtherAgent::Kill() {
  if (child_ <= 0) return;
  kill(child_, SIGKILL);
  waitpid(child_, nullptr, 0);
  child_ = 0;
}

}  // namespace faultline::testing
