// The agent is killed after any of its messages to the kernel: no fault is ever without an end, and the next one's
// Reset leaves no trace.

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <regex>

#include "absl/strings/str_cat.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace {

// In the process that is to die: how many messages it may still send; negative: any number.
int messages_left = -1;

void Count() {
  if (messages_left == 0) kill(getpid(), SIGKILL);
  if (messages_left > 0) --messages_left;
}

}  // namespace

// In place of libc's, by which libmnl and libnl send: the kernel carries a message out before the call returns, so a
// process that dies before the next one dies between the two.
extern "C" ssize_t sendto(int fd, const void* bytes, std::size_t size, int flags, const sockaddr* to,
                          socklen_t to_size) {
  Count();
  return syscall(SYS_sendto, fd, bytes, size, flags, to, to_size);
}

extern "C" ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  Count();
  return syscall(SYS_sendmsg, fd, message, flags);
}

namespace faultline::testing {
namespace {

// All that a run can have: both tables, every kind of rule, three lanes and the one that swallows.
Program Complex() {
  Program program = ParisProgram("r");
  PacketFilter fresh;
  fresh.connection = Connection::kNew;
  Impairment fast;
  fast.rate = BitRate{1'000'000'000};
  Impairment loss;
  loss.loss = Ratio::Percent(50);
  program.steps.push_back(
      {.index = 2, .effect = Reject(), .incoming = {{.sources = 0}}, .outgoing = {{.destinations = 0}}});
  program.steps.push_back({.index = 3, .filter = fresh, .incoming = {{.sources = 0}}});
  program.steps.push_back({.index = 4,
                           .effect = fast,
                           .incoming = {{.sources = 0}},
                           .outgoing = {{.destinations = 0}},
                           .lane = LaneKind::kRate});
  program.steps.push_back({.index = 5, .effect = loss, .incoming = {{.sources = 0}}, .lane = LaneKind::kLossByRule});
  return program;
}

class CrashTest : public LinuxKernelTest {
 protected:
  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (IsSkipped()) return;
    FAULTLINE_SKIP_IF(
        WhyNo({Capability::kEgressHook, Capability::kBlackholeLane, Capability::kReject, Capability::kRejectOutgoing,
               Capability::kConnectionState, Capability::kRateLane, Capability::kRandomRule}));
    node().Run("ip link add eth1 type veth peer name far");
    with_eth1_ = node().State();
    const InNetns inside(node());
    kernel_.reset();
  }
  void TearDown() override {
    if (!IsSkipped()) node().Run("ip link del eth1");
    LinuxKernelTest::TearDown();
  }

  // A run's whole life, in a process that is killed when it is about to send one message more. Whether it was killed.
  bool LiveAndDie(int messages, bool owner) {
    const pid_t child = fork();
    if (child == 0) {
      const InNetns inside(node());
      messages_left = messages;
      _exit(Live(owner) ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << "after " << messages << " messages";
    return WIFSIGNALED(status);
  }

  static bool Live(bool owner) {
    const Program program = Complex();
    const auto kernel = LinuxKernel::Open({.use_table_owner = owner});
    if (!kernel.ok() || !(*kernel)->Reset().ok() || !(*kernel)->Install(program).ok()) return false;
    std::vector<GateOpening> open;
    std::vector<StepIndex> close;
    for (const Program::StepRules& step : program.steps) {
      open.push_back({step.index, std::chrono::minutes(10)});
      close.push_back(step.index);
    }
    Impairment slow;
    slow.rate = BitRate{1'000'000};
    Impairment loss;
    loss.loss = Ratio::Percent(60);
    const LaneChange changes[] = {{4, slow}, {5, loss}};
    return (*kernel)->Switch(program.run, {}, open).ok() && (*kernel)->Shape(program.run, changes).ok() &&
           (*kernel)->Attach(program.run, "eth1").ok() && (*kernel)->ReadCounters(program.run).ok() &&
           (*kernel)->Switch(program.run, close, open).ok() && (*kernel)->Switch(program.run, close, {}).ok() &&
           (*kernel)->Remove(program.run).ok();
  }

  // What is in gates, each as nft has it: "ip timeout 10m expires 9m59s992ms". How many gates are open.
  int ExpectEveryGateToEnd() {
    const std::string rules = node().Run("nft list ruleset");
    static const std::regex gate("set r/g\\d+ \\{\\s+type ether_type\\s+flags timeout\\s+elements = \\{ ([^}]*)\\}");
    static const std::regex ends("ip6? timeout 10m expires [0-9a-z]+");
    int open = 0;
    for (std::sregex_iterator found(rules.begin(), rules.end(), gate), none; found != none; ++found) {
      const std::string elements = (*found)[1];
      const auto ending = std::distance(std::sregex_iterator(elements.begin(), elements.end(), ends), {});
      EXPECT_EQ(ending, 2) << elements;
      ++open;
    }
    return open;
  }

  std::string with_eth1_;
};

TEST_F(CrashTest, AfterAnyMessage) {
  int gates_seen = 0;
  int messages = 0;
  for (bool killed = true; killed; ++messages) {
    SCOPED_TRACE(absl::StrCat("after ", messages, " messages"));
    killed = LiveAndDie(messages, /*owner=*/false);
    gates_seen = std::max(gates_seen, ExpectEveryGateToEnd());
    if (!killed) {
      EXPECT_EQ(node().State(), with_eth1_);
    }
    Open(LinuxKernel::Options());
    ASSERT_THAT(kernel_->Reset(), IsOk());
    ASSERT_EQ(node().State(), with_eth1_);
    const InNetns inside(node());
    kernel_.reset();
  }
  // It was killed within everything: four lanes of some messages each, both tables' gates open.
  EXPECT_GT(messages, 40);
  EXPECT_EQ(gates_seen, 8);
}

// With the owner's socket the rules go at once, and the rest by the next one's Reset.
TEST_F(CrashTest, AfterAnyMessage_Owned) {
  FAULTLINE_SKIP_IF(WhyNoOwner());
  int messages = 0;
  for (bool killed = true; killed; messages += 3) {
    SCOPED_TRACE(absl::StrCat("after ", messages, " messages"));
    killed = LiveAndDie(messages, /*owner=*/true);
    EXPECT_EQ(node().Run("nft list tables"), "");
    Open(LinuxKernel::Options());
    ASSERT_THAT(kernel_->Reset(), IsOk());
    ASSERT_EQ(node().State(), with_eth1_);
    const InNetns inside(node());
    kernel_.reset();
  }
  EXPECT_GT(messages, 40);
}

}  // namespace
}  // namespace faultline::testing
