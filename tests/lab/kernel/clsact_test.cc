// Faults at the sender without the egress hook: chosen by nftables after routing, sent through lanes by clsact. On
// every kernel that has the parts, whether it has the hook or not.

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <regex>

#include "absl/strings/str_cat.h"
#include "agent/kernel/network_survey.h"
#include "agent/kernel/standing_faults.h"
#include "tests/lab/kernel/lane_bed.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"
#include "tests/lab/kernel/other_agent.h"
#include "tests/lab/kernel/tcp.h"

namespace faultline::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ClsactTest : public LinuxKernelTest {
 protected:
  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (!IsSkipped()) FAULTLINE_SKIP_IF(WhyNoClsact());
  }

  std::string WhyNoClsact() {
    const absl::Status installed = kernel_->Install(Block("probe"));
    EXPECT_THAT(kernel_->Remove(RunId("probe")), IsOk());
    return installed.ok() ? "" : absl::StrCat("this kernel has no ", NameOf(Capability::kEgressClsact));
  }

  // Step 0: what goes to Paris is swallowed.
  static Program Block(const std::string& run) {
    Program program = ParisIngressProgram(run);
    program.steps = {{.index = 0, .outgoing = {{.destinations = 0}}}};
    program.egress_by_clsact = true;
    return program;
  }
  // Step 0: what goes to Paris goes through a lane.
  static Program Impair(const std::string& run, const Impairment& impairment, LaneKind lane = LaneKind::kRate) {
    Program program = Block(run);
    program.steps[0].effect = impairment;
    program.steps[0].lane = lane;
    return program;
  }
  static Program Fast(const std::string& run) {
    Impairment fast;
    fast.rate = BitRate{1'000'000'000};
    return Impair(run, fast);
  }

  void InstallOpen(const Program& program) {
    ASSERT_THAT(kernel_->Install(program), IsOk());
    ASSERT_THAT(OpenGate(program.run.text(), 0), IsOk());
  }
  RuleCounters Counters(const std::string& run) {
    const auto counters = kernel_->ReadCounters(RunId(run));
    EXPECT_THAT(counters, IsOk());
    return counters.ok() && !counters->empty() ? counters->front() : RuleCounters();
  }
  std::string Filters() { return node().Run("tc filter show dev eth0 egress"); }
  int PacketsOfClass(const std::string& id) {
    const std::string text = node().Run("tc -s class show dev eth0 classid " + id);
    static const std::regex sent("Sent [0-9]+ bytes ([0-9]+) pkt");
    std::smatch found;
    return std::regex_search(text, found, sent) ? std::stoi(found[1]) : -1;
  }
  // As doctor sees it.
  bool TakenByOthers() {
    const InNetns inside(node());
    const auto survey = SurveyNetwork();
    EXPECT_THAT(survey, IsOk());
    return !survey.ok() || std::ranges::any_of(survey->devices, [](const auto& device) { return device.detour_taken; });
  }
  std::string Qdiscs() { return node().Run("tc qdisc show dev eth0"); }
};

TEST_F(ClsactTest, CutsInSilenceAndHeals) {
  ASSERT_THAT(kernel_->Install(Block("r")), IsOk());
  EXPECT_THAT(Qdiscs(), HasSubstr("clsact"));
  EXPECT_FALSE(TakenByOthers());
  EXPECT_EQ(Reachable(), "in4 in6 out4 out6");
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_EQ(Reachable(), "in4 in6");
  EXPECT_EQ(Counters("r").packets, 20u);
  ASSERT_THAT(CloseGate("r", 0), IsOk());
  EXPECT_EQ(Reachable(), "in4 in6 out4 out6");
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_EQ(node().State(), before());
}

TEST_F(ClsactTest, TheGateEndsByItselfWithNobodyAlive) {
  OtherAgent agent(node(), false, Block("r"), seconds(3));
  EXPECT_FALSE(NodeReachesPeer(Family::kIpv4));
  agent.Kill();
  EXPECT_FALSE(NodeReachesPeer(Family::kIpv4)) << "its lease has not ended";
  const SystemClock clock;
  const MonotonicTime deadline = clock.Now() + seconds(20);
  while (SendAndCount(node(), kNode4, peer(), kPeer4).arrived == 0 && clock.Now() < deadline) {
  }
  EXPECT_EQ(Reachable(), "in4 in6 out4 out6");
  EXPECT_THAT(Filters(), HasSubstr("fa17")) << "what is left acts on nothing";
  Open(LinuxKernel::Options());
  ASSERT_THAT(kernel_->Reset(), IsOk());
  EXPECT_EQ(node().State(), before());
}

// Told of a drop, TCP would try again at once, every half second, and not back off.
TEST_F(ClsactTest, TcpTakesItForACutOfTheNetwork) {
  const TcpPair pair = OpenTcp(node(), peer(), kPeer4, 3000);
  ASSERT_TRUE(Talk(pair.client, pair.server));
  InstallOpen(Block("r"));
  ASSERT_EQ(send(pair.client.get(), "lost", 4, 0), 4);
  const SystemClock clock;
  const MonotonicTime deadline = clock.Now() + seconds(20);
  tcp_info info{};
  while (info.tcpi_backoff < 3 && clock.Now() < deadline) {
    socklen_t size = sizeof(info);
    ASSERT_EQ(getsockopt(pair.client.get(), IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  }
  EXPECT_GE(info.tcpi_backoff, 3);
  ASSERT_THAT(CloseGate("r", 0), IsOk());
  const timeval most{.tv_sec = 30};
  ASSERT_EQ(setsockopt(pair.server.get(), SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most)), 0);
  std::array<char, 4> text{};
  EXPECT_EQ(recv(pair.server.get(), text.data(), text.size(), MSG_WAITALL), 4);
}

TEST_F(ClsactTest, ComesBackFromItsLaneAndIsCounted) {
  InstallOpen(Fast("r"));
  EXPECT_EQ(Reachable(), "in4 in6 out4 out6");
  const RuleCounters counters = Counters("r");
  EXPECT_EQ(counters.packets, 20u);
  EXPECT_EQ(counters.passed, 20u);
  EXPECT_EQ(counters.lost + counters.overflowed, 0u);
}

TEST_F(ClsactTest, EveryPacketOfAnAggregateIsOne) {
  InstallOpen(Fast("r"));
  DatagramSink sink(peer(), kPeer4, 3000);
  DatagramSource source(node(), kPeer4, 3000, 1400);
  for (int i = 0; i < 100; ++i) source.Send(40);
  while (sink.arrived().size() < 4000 && sink.Await(seconds(5))) sink.Drain();
  EXPECT_EQ(sink.arrived().size(), 4000u);
  EXPECT_EQ(Counters("r").packets, 100u) << "as nftables sees them";
  EXPECT_EQ(Counters("r").passed, 4000u);
}

TEST_F(ClsactTest, IsDelayed) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kNetem}));
  Impairment late;
  late.delay = milliseconds(500);
  InstallOpen(Impair("r", late, LaneKind::kNetem));
  UdpSocket sender(node(), kNode4, 0);
  UdpSocket receiver(peer(), kPeer4, 3000);
  const SystemClock clock;
  const MonotonicTime start = clock.Now();
  ASSERT_EQ(sender.SendTo(kPeer4, 3000, "late"), 0);
  EXPECT_EQ(receiver.Receive(seconds(10)), "late");
  EXPECT_GE(clock.Now() - start, milliseconds(500));
}

// A class of the root qdisc would be chosen by the priority that a packet kept.
TEST_F(ClsactTest, NoPriorityOfOursReachesTheInterface) {
  node().Run("tc qdisc add dev eth0 root handle fa17: prio");
  // So that the lane's number is that of a class.
  ASSERT_THAT(kernel_->Install(Fast("idle")), IsOk());
  InstallOpen(Fast("r"));
  ASSERT_THAT(Filters(), HasSubstr("handle 0xfa170001"));
  ASSERT_TRUE(NodeReachesPeer(Family::kIpv4));
  // Those without priority are of the second band; fa17:1 is the first, where the kernel's own of high priority are.
  EXPECT_GE(PacketsOfClass("fa17:2"), 10);
  EXPECT_LT(PacketsOfClass("fa17:1"), 10);
  for (const char* run : {"r", "idle"}) ASSERT_THAT(kernel_->Remove(RunId(run)), IsOk());
  node().Run("tc qdisc del dev eth0 root");
}

TEST_F(ClsactTest, ABlockOfAnyRunWins) {
  for (const bool block_first : {true, false}) {
    InstallOpen(block_first ? Block("block") : Fast("lane"));
    InstallOpen(block_first ? Fast("lane") : Block("block"));
    EXPECT_FALSE(NodeReachesPeer(Family::kIpv4));
    EXPECT_EQ(Counters("block").packets, 10u) << block_first;
    EXPECT_EQ(Counters("lane").packets, 0u) << block_first;
    ASSERT_THAT(kernel_->Remove(RunId("block")), IsOk());
    EXPECT_TRUE(NodeReachesPeer(Family::kIpv4));
    EXPECT_EQ(Counters("lane").packets, 10u) << block_first;
    ASSERT_THAT(kernel_->Remove(RunId("lane")), IsOk());
  }
}

TEST_F(ClsactTest, OfTwoRunsTheOneInstalledLaterWins) {
  InstallOpen(Fast("b"));
  InstallOpen(Fast("a"));
  EXPECT_TRUE(NodeReachesPeer(Family::kIpv4));
  EXPECT_EQ(Counters("a").packets, 10u);
  EXPECT_EQ(Counters("b").packets, 0u);
  ASSERT_THAT(CloseGate("a", 0), IsOk());
  EXPECT_TRUE(NodeReachesPeer(Family::kIpv4));
  EXPECT_EQ(Counters("b").packets, 10u);
}

TEST_F(ClsactTest, WhatSwallowsStaysForTheOtherRun) {
  InstallOpen(Block("a"));
  InstallOpen(Block("b"));
  ASSERT_THAT(kernel_->Remove(RunId("a")), IsOk());
  EXPECT_FALSE(NodeReachesPeer(Family::kIpv4));
  ASSERT_THAT(kernel_->Remove(RunId("b")), IsOk());
  EXPECT_EQ(node().State(), before());
}

TEST_F(ClsactTest, AnotherProgramsClsactKeepsAllThatIsItsOwn) {
  node().Run("tc qdisc add dev eth0 clsact");
  node().Run("tc filter add dev eth0 egress protocol ip pref 7 u32 match u32 0 0 classid 1:1");
  node().Run("tc filter add dev eth0 ingress protocol ip pref 1 u32 match u32 0 0 classid 1:1");
  const std::string filters = Filters();
  const std::string state = node().State();
  InstallOpen(Block("r"));
  EXPECT_EQ(Reachable(), "in4 in6");
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_EQ(Filters(), filters);
  EXPECT_EQ(node().State(), state);
  {
    OtherAgent agent(node(), false, Block("r"), kLong);
    EXPECT_NE(Filters(), filters);
  }
  ASSERT_THAT(kernel_->Reset(), IsOk());
  EXPECT_EQ(Filters(), filters);
  EXPECT_EQ(node().State(), state);
  EXPECT_THAT(node().Run("tc filter show dev eth0 ingress"), HasSubstr("u32"));
  node().Run("tc qdisc del dev eth0 clsact");
}

TEST_F(ClsactTest, AfterALaneTheFirstActionOfAnotherProgramsFilterIsPassedOver) {
  node().Run("tc qdisc add dev eth0 clsact");
  node().Run("tc filter add dev eth0 egress protocol ip pref 7 u32 match ip dport 3000 0xffff action drop");
  EXPECT_FALSE(NodeReachesPeer(Family::kIpv4));
  InstallOpen(Fast("r"));
  EXPECT_TRUE(NodeReachesPeer(Family::kIpv4));
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_FALSE(NodeReachesPeer(Family::kIpv4));
  node().Run("tc qdisc del dev eth0 clsact");
}

TEST_F(ClsactTest, AnEmptyClsactOfAnotherProgramStays) {
  node().Run("tc qdisc add dev eth0 clsact");
  const std::string state = node().State();
  ASSERT_THAT(kernel_->Install(Block("r")), IsOk());
  ASSERT_THAT(kernel_->Install(Fast("s")), IsOk());
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  ASSERT_THAT(kernel_->Remove(RunId("s")), IsOk());
  EXPECT_EQ(node().State(), state);
  EXPECT_EQ(Filters(), "");
  node().Run("tc qdisc del dev eth0 clsact");
}

TEST_F(ClsactTest, AClsactOfOursThatAnotherProgramHasComeToUseStays) {
  for (const char* end : {"egress", "ingress"}) {
    ASSERT_THAT(kernel_->Install(Block("r")), IsOk());
    node().Run(absl::StrCat("tc filter add dev eth0 ", end, " protocol ip u32 match u32 0 0 classid 1:1"));
    ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
    EXPECT_THAT(node().Run(absl::StrCat("tc filter show dev eth0 ", end)),
                AllOf(HasSubstr("u32"), Not(HasSubstr("basic"))));
    EXPECT_THAT(Filters(), Not(HasSubstr("basic")));
    node().Run("tc qdisc del dev eth0 clsact");
  }
}

TEST_F(ClsactTest, WhereAnotherProgramIsInTheWayItIsRefused) {
  node().Run("tc qdisc add dev eth0 ingress");
  const std::string with_ingress = node().State();
  EXPECT_THAT(kernel_->Install(Block("r")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("eth0 has a qdisc ingress")));
  EXPECT_EQ(node().State(), with_ingress);
  EXPECT_TRUE(TakenByOthers());
  node().Run("tc qdisc del dev eth0 ingress");
  node().Run("tc qdisc add dev eth0 clsact");
  node().Run("tc filter add dev eth0 egress protocol ip pref 1 u32 match u32 0 0 classid 1:1");
  const std::string with_filter = node().State() + Filters();
  EXPECT_THAT(kernel_->Install(Block("r")),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("a filter of preference 1")));
  EXPECT_EQ(node().State() + Filters(), with_filter);
  EXPECT_TRUE(TakenByOthers());
  // Of the kind of ours.
  node().Run("tc filter del dev eth0 egress pref 1");
  EXPECT_FALSE(TakenByOthers());
  node().Run("tc filter add dev eth0 egress pref 1 handle 7 basic classid 1:1");
  EXPECT_TRUE(TakenByOthers());
  EXPECT_THAT(kernel_->Install(Block("r")), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("preference 1")));
  node().Run("tc qdisc del dev eth0 clsact");
}

TEST_F(ClsactTest, OnlyTheSendersSideNeedsIt) {
  Program program = ParisIngressProgram("r");
  program.egress_by_clsact = true;
  program.steps.push_back({.index = 1, .effect = Reject(), .outgoing = {{.destinations = 0}}});
  ASSERT_THAT(kernel_->Install(program), IsOk());
  EXPECT_THAT(Qdiscs(), Not(HasSubstr("clsact")));
}

TEST_F(ClsactTest, AnInterfaceThatComesLaterIsActedOnAndOneThatGoesIsNoError) {
  ASSERT_THAT(kernel_->Install(Block("r")), IsOk());
  node().Run("ip link add eth1 type veth peer name far");
  ASSERT_THAT(kernel_->Attach(RunId("r"), "eth1"), IsOk());
  ASSERT_THAT(kernel_->Attach(RunId("r"), "eth1"), IsOk());
  EXPECT_THAT(node().Run("tc filter show dev eth1 egress"), HasSubstr("mirred"));
  node().Run("ip link del eth1");
  node().Run("ip link add eth1 type veth peer name far");
  ASSERT_THAT(kernel_->Attach(RunId("r"), "eth1"), IsOk());
  EXPECT_THAT(node().Run("tc filter show dev eth1 egress"), HasSubstr("mirred"));
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_THAT(node().Run("tc qdisc show dev eth1"), Not(HasSubstr("clsact")));
  node().Run("ip link del eth1");
}

TEST_F(ClsactTest, WhatPassesThroughIsActedOnToo) {
  const Netns inner;
  node().Run("ip link add veth0 type veth peer name eth0 netns " + inner.path());
  node().Run("ip link set veth0 addrgenmode none up");
  inner.Run("ip link set eth0 addrgenmode none up");
  node().Run("ip address add 10.88.0.1/24 dev veth0");
  inner.Run("ip address add 10.88.0.2/24 dev eth0");
  inner.Run("ip route add default via 10.88.0.1");
  node().Run("sysctl -qw net.ipv4.ip_forward=1");
  peer().Run("ip route add 10.88.0.0/24 via " + std::string(kNode4));
  EXPECT_EQ(SendAndCount(inner, "10.88.0.2", peer(), kPeer4).arrived, 10);
  InstallOpen(Block("r"));
  EXPECT_EQ(SendAndCount(inner, "10.88.0.2", peer(), kPeer4).arrived, 0);
  EXPECT_EQ(Counters("r").packets, 10u);
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_EQ(SendAndCount(inner, "10.88.0.2", peer(), kPeer4).arrived, 10);
  node().Run("sysctl -qw net.ipv4.ip_forward=0");
  node().Run("ip link del veth0");
}

TEST_F(ClsactTest, AreInThePictureAsOurs) {
  const InNetns inside(node());
  const auto before_it = kernel_->Picture();
  ASSERT_THAT(kernel_->Install(Block("r")), IsOk());
  const auto with_it = kernel_->Picture();
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  const auto after_it = kernel_->Picture();
  ASSERT_THAT(before_it, IsOk());
  ASSERT_THAT(with_it, IsOk());
  ASSERT_THAT(after_it, IsOk());
  int filters = 0;
  for (const PictureDifference& difference : Difference(*before_it, *with_it)) {
    EXPECT_TRUE(difference.ours) << difference.text;
    filters += difference.text == "filter fa17: of qdisc clsact ffff: on eth0" ? 1 : 0;
  }
  EXPECT_EQ(filters, 1);
  EXPECT_THAT(Difference(*before_it, *after_it), IsEmpty());
  EXPECT_THAT(Difference(*with_it, *after_it), IsEmpty());
}

TEST_F(ClsactTest, StandUntilTheyAreReset) {
  const auto read = [this] {
    const InNetns inside(node());
    return ReadStandingFaults();
  };
  OtherAgent agent(node(), false, Block("r"), kLong);
  agent.Kill();
  node().Run("nft flush ruleset");
  node().Run("ip link del fl0");
  const auto standing = read();
  ASSERT_THAT(standing, IsOk());
  EXPECT_THAT(standing->devices, IsEmpty());
  EXPECT_THAT(standing->detoured, ElementsAre("eth0"));
  EXPECT_FALSE(standing->empty());
  ASSERT_THAT(kernel_->Reset(), IsOk());
  const auto reset = read();
  ASSERT_THAT(reset, IsOk());
  EXPECT_TRUE(reset->empty());
}

TEST_F(ClsactTest, ItsLossConcernsTheRun) {
  ASSERT_THAT(kernel_->Install(Block("r")), IsOk());
  ASSERT_THAT(kernel_->Install(ParisIngressProgram("in")), IsOk());
  const InNetns inside(node());
  const ForeignChange other{.device = if_nametoindex("eth0")};
  ForeignChange change = other;
  change.clsact = true;
  EXPECT_TRUE(kernel_->Concerns(RunId("r"), change));
  EXPECT_FALSE(kernel_->Concerns(RunId("in"), change));
  EXPECT_FALSE(kernel_->Concerns(RunId("r"), other)) << "another qdisc of an interface";
  node().Run("tc qdisc del dev eth0 clsact");
  EXPECT_THAT(kernel_->Remove(RunId("r")), IsOk());
}

}  // namespace
}  // namespace faultline::testing
