// Many random programs armed, fired, changed and healed, some by agents that are killed in between: in the end the
// kernel has what it had at the beginning.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"
#include "tests/lab/kernel/random_program.h"

namespace faultline::testing {
namespace {

// FAULTLINE_SOAK_ROUNDS sets another number.
int Rounds() {
  constexpr int kDefault = 300;
  const char* text = std::getenv("FAULTLINE_SOAK_ROUNDS");
  int rounds = kDefault;
  return text != nullptr && absl::SimpleAtoi(text, &rounds) ? rounds : kDefault;
}

// Of /proc/meminfo, in bytes: what the kernel's own objects take that it cannot give back.
std::int64_t KernelMemory() {
  std::ifstream file("/proc/meminfo");
  for (std::string key, unit; file >> key;) {
    std::int64_t kilobytes = 0;
    file >> kilobytes;
    std::getline(file, unit);
    if (key == "SUnreclaim:") return kilobytes * 1024;
  }
  ADD_FAILURE() << "no SUnreclaim in /proc/meminfo";
  return 0;
}

std::size_t OpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

class SoakTest : public LinuxKernelTest {
 protected:
  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (IsSkipped()) return;
    const auto has = kernel_->Probe();
    ASSERT_THAT(has, IsOk());
    has_ = *has;
  }

  // Everything a run goes through, ended by its Remove.
  void Live(LinuxKernel& kernel, const Program& program) {
    ASSERT_THAT(kernel.Install(program), IsOk());
    std::vector<GateOpening> open;
    std::vector<LaneChange> changes;
    for (const Program::StepRules& step : program.steps) {
      open.push_back({step.index, std::chrono::seconds(10)});
      if (step.Impairs()) changes.push_back({step.index, RandomChange(step, random_)});
    }
    ASSERT_THAT(kernel.Switch(program.run, {}, open), IsOk());
    ASSERT_THAT(kernel.Shape(program.run, changes), IsOk());
    ASSERT_THAT(kernel.ReadCounters(program.run), IsOk());
    const StepIndex close[] = {program.steps.front().index};
    ASSERT_THAT(kernel.Switch(program.run, close, open), IsOk());
    ASSERT_THAT(kernel.Remove(program.run), IsOk());
  }

  // An agent that is killed with its gates open, or while it arms; then the next one starts.
  void KillAnAgent(const Program& program, bool owner) {
    kernel_.reset();
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      const InNetns inside(node());
      const auto kernel = LinuxKernel::Open({.use_table_owner = owner});
      if (!kernel.ok() || write(ends[1], "y", 1) != 1) _exit(1);
      (*kernel)->Install(program).IgnoreError();
      std::vector<GateOpening> open;
      for (const Program::StepRules& step : program.steps) open.push_back({step.index, kLong});
      (*kernel)->Switch(program.run, {}, open).IgnoreError();
      while (true) pause();
    }
    close(ends[1]);
    const UniqueFd ready(ends[0]);
    char answer = 0;
    EXPECT_EQ(read(ready.get(), &answer, 1), 1);
    // Anywhere from before its first operation to after its last.
    usleep(std::uniform_int_distribution<useconds_t>(0, 30'000)(random_));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    Open(LinuxKernel::Options());
    ASSERT_THAT(kernel_->Reset(), IsOk());
  }

  std::mt19937 random_{20260401};
  CapabilitySet has_;
};

TEST_F(SoakTest, NothingIsLeftOfManyRandomPrograms) {
  const int rounds = Rounds();
  const int warm_up = rounds / 10;
  std::int64_t memory = 0;
  std::size_t files = 0;
  for (int round = 0; round < rounds; ++round) {
    if (round == warm_up) {
      memory = KernelMemory();
      files = OpenFiles();
    }
    const Program program = RandomProgram(absl::StrCat("r", round), has_, random_);
    SCOPED_TRACE(absl::StrCat("round ", round));
    if (round % 20 == 19) {
      KillAnAgent(program, /*owner=*/round % 40 == 19);
    } else {
      Live(*kernel_, program);
    }
    if (HasFatalFailure()) return;
    if (round % 50 == 0) {
      EXPECT_EQ(node().State(), before());
    }
  }
  EXPECT_EQ(OpenFiles(), files);
  // The rest of the machine lives too: a program's few kilobytes lost in each round would be far more.
  constexpr std::int64_t kNoise = 48 << 20;
  EXPECT_LT(KernelMemory() - memory, kNoise);
}

}  // namespace
}  // namespace faultline::testing
