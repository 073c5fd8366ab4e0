// An interface that lies on another, whose hooks see its packets too: nothing is done to them twice.

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

// By the kind of link: up0 on eth0, at both ends.
class StackedTest : public LinuxKernelTest, public ::testing::WithParamInterface<std::string> {
 protected:
  static constexpr char kNodeUp[] = "10.7.0.1";
  static constexpr char kPeerUp[] = "10.7.0.2";

  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (IsSkipped()) return;
    FAULTLINE_SKIP_IF(WhyNo({Capability::kRateLane, Capability::kEgressHook}));
    FAULTLINE_SKIP_IF(WhyNoKind());
  }

  static std::string AddLink() {
    return absl::StrCat("ip link add link eth0 name up0 type ", GetParam(), GetParam() == "vlan" ? " id 9" : "");
  }
  std::string WhyNoKind() {
    const InNetns inside(node());
    if (RunCommand(absl::StrSplit(AddLink(), ' ')).code != 0)
      return absl::StrCat("this kernel has no ", GetParam(), " devices");
    Command("ip link del up0");
    return "";
  }

  void Stack() {
    for (const auto& [netns, address] : {std::pair(&node(), kNodeUp), std::pair(&peer(), kPeerUp)}) {
      // Each interface answers for its own addresses.
      netns->Run("sysctl -qw net.ipv4.conf.all.arp_ignore=1");
      netns->Run(AddLink());
      netns->Run("ip link set up0 addrgenmode none up");
      netns->Run(absl::StrCat("ip address add ", address, "/24 dev up0"));
    }
    // Each knows the other: what has to wait for an answer to ARP may be overtaken, and asked for again.
    node().Run(absl::StrCat("ip neighbour add ", kPeerUp, " lladdr ", MacOf(peer()), " dev up0"));
    peer().Run(absl::StrCat("ip neighbour add ", kNodeUp, " lladdr ", MacOf(node()), " dev up0"));
  }
  static std::string MacOf(const Netns& netns) {
    const std::string before = "link/ether ";
    const std::string link = netns.Run("ip -o link show up0");
    return link.substr(link.find(before) + before.size(), 17);
  }
  void Unstack() {
    for (const Netns* netns : {&node(), &peer()}) netns->Run("ip link del up0");
  }

  // In and out, at a rate that is no limit. Also for the fence, which would overtake the others otherwise.
  static Program Lanes(std::vector<std::string> devices) {
    Program program = ParisIngressProgram("r");
    program.devices = std::move(devices);
    program.protect.ports.clear();
    program.prefix_sets = {Prefixes({kPeerUp})};
    Impairment fast;
    fast.rate = BitRate{1'000'000'000};
    program.steps = {{.index = 0,
                      .effect = fast,
                      .incoming = {{.sources = 0}},
                      .outgoing = {{.destinations = 0}},
                      .lane = LaneKind::kRate}};
    return program;
  }
  static Program Block(std::vector<std::string> devices) {
    Program program = Lanes(std::move(devices));
    program.protect.ports = {kFencePort};
    program.steps = {{.index = 0, .incoming = {{.sources = 0}}}};
    return program;
  }

  void InstallOpen(const Program& program) {
    ASSERT_THAT(kernel_->Install(program), IsOk());
    ASSERT_THAT(OpenGate("r", 0), IsOk());
  }
  bool In() { return SendAndCount(peer(), kPeerUp, node(), kNodeUp).arrived == 10; }
  bool Out() { return SendAndCount(node(), kNodeUp, peer(), kPeerUp).arrived == 10; }
  RuleCounters Counted() {
    const auto counters = kernel_->ReadCounters(RunId("r"));
    EXPECT_THAT(counters, IsOk());
    return counters.ok() && !counters->empty() ? counters->front() : RuleCounters();
  }
  // In() and Out() both have been; each is ten datagrams and the fence.
  void ExpectEachCountedOnce() {
    const RuleCounters counted = Counted();
    EXPECT_EQ(counted.packets, 22u);
    EXPECT_EQ(counted.passed, 22u);
  }
};

TEST_P(StackedTest, PacketsPassALaneOnce) {
  Stack();
  InstallOpen(Lanes({"eth0", "up0"}));
  EXPECT_TRUE(In());
  EXPECT_EQ(Counted().passed, 11u);
  EXPECT_TRUE(Out());
  ExpectEachCountedOnce();
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  Unstack();
}

TEST_P(StackedTest, AttachedLaterAsWell) {
  InstallOpen(Lanes({"eth0"}));
  Stack();
  ASSERT_THAT(kernel_->Attach(RunId("r"), "up0"), IsOk());
  EXPECT_TRUE(In());
  EXPECT_TRUE(Out());
  ExpectEachCountedOnce();
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  Unstack();
}

TEST_P(StackedTest, ActsByItselfWhenTheLowerDoesNot) {
  Stack();
  InstallOpen(Lanes({"up0"}));
  EXPECT_TRUE(In());
  EXPECT_TRUE(Out());
  ExpectEachCountedOnce();
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  Unstack();
}

TEST_P(StackedTest, IsCutAndHeals) {
  Stack();
  InstallOpen(Block({"eth0", "up0"}));
  EXPECT_FALSE(In());
  EXPECT_TRUE(Out());
  EXPECT_EQ(Counted().packets, 10u);
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_TRUE(In());
  Unstack();
}

TEST_P(StackedTest, IsKnownWhereNoHookSaysTheInterface) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kReject}));
  Stack();
  Program program = Block({"eth0", "up0"});
  program.steps.front().effect = Reject();
  InstallOpen(program);
  EXPECT_FALSE(In());
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  Unstack();
}

TEST_P(StackedTest, AStepThatNamesItActsOnNothingElse) {
  Stack();
  Program program = Lanes({"eth0", "up0"});
  program.steps.front().filter.interfaces = {"up0"};
  program.prefix_sets = {Prefixes({kPeerUp, "172.33.0.0/16"})};
  InstallOpen(program);
  EXPECT_TRUE(In());
  EXPECT_TRUE(Out());
  EXPECT_TRUE(PeerReachesNode(Family::kIpv4));
  ExpectEachCountedOnce();
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  Unstack();
}

TEST_P(StackedTest, AStepThatNamesBothActsOnce) {
  Stack();
  Program program = Lanes({"eth0", "up0"});
  program.steps.front().filter.interfaces = {"eth0", "up0"};
  InstallOpen(program);
  EXPECT_TRUE(In());
  EXPECT_TRUE(Out());
  ExpectEachCountedOnce();
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  Unstack();
}

INSTANTIATE_TEST_SUITE_P(Kinds, StackedTest, ::testing::Values("macvlan", "vlan"),
                         [](const auto& kind) { return kind.param; });

class VlanOnVlanTest : public StackedTest {};

// The outer one hides the inner one from eth0.
TEST_P(VlanOnVlanTest, PacketsPassALaneOnce) {
  Stack();
  for (const auto& [netns, address] : {std::pair(&node(), kNodeUp), std::pair(&peer(), kPeerUp)}) {
    netns->Run(absl::StrCat("ip address del ", address, "/24 dev up0"));
    netns->Run("ip link add link up0 name up1 type vlan id 11");
    netns->Run("ip link set up1 addrgenmode none up");
    netns->Run(absl::StrCat("ip address add ", address, "/24 dev up1"));
  }
  for (const std::vector<std::string>& devices : {std::vector<std::string>{"eth0", "up0", "up1"}, {"up0", "up1"}}) {
    SCOPED_TRACE(devices.front());
    InstallOpen(Lanes(devices));
    EXPECT_TRUE(In());
    EXPECT_TRUE(Out());
    ExpectEachCountedOnce();
    ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  }
  Unstack();
}

INSTANTIATE_TEST_SUITE_P(Kinds, VlanOnVlanTest, ::testing::Values("vlan"), [](const auto& kind) { return kind.param; });

}  // namespace
}  // namespace faultline::testing
