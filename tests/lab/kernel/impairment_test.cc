// Impairments through the whole kernel object: which lane takes a packet, what is counted, what is left. What lanes
// themselves do is lane_test.cc.

#include <cmath>
#include <map>
#include <sstream>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/lab/kernel/lane_bed.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"

namespace faultline::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

Program::StepRules RateStep(StepIndex index, std::uint64_t bits_per_second) {
  Program::StepRules step{.index = index, .lane = LaneKind::kRate};
  Impairment impairment;
  impairment.rate = BitRate{bits_per_second};
  step.effect = impairment;
  return step;
}

Program::StepRules LossStep(StepIndex index, Ratio share) {
  Program::StepRules step{.index = index, .incoming = {{.sources = 0}}, .lane = LaneKind::kLossByRule};
  Impairment impairment;
  impairment.loss = share;
  step.effect = impairment;
  return step;
}

Program::StepRules NetemStep(StepIndex index, Duration delay) {
  Program::StepRules step{.index = index, .incoming = {{.sources = 0}}, .lane = LaneKind::kNetem};
  Impairment impairment;
  impairment.delay = delay;
  step.effect = impairment;
  return step;
}

Program::StepRules DropStep(StepIndex index) { return {.index = index, .incoming = {{.sources = 0}}}; }

// Fast enough to be no limit to these tests.
constexpr std::uint64_t kGigabit = 1'000'000'000;

Program::StepRules FastLane(StepIndex index) {
  Program::StepRules step = RateStep(index, kGigabit);
  step.incoming = {{.sources = 0}};
  return step;
}

Program MakeProgram(const std::string& run, std::vector<Program::StepRules> steps) {
  Program program = ParisIngressProgram(run);
  program.steps = std::move(steps);
  return program;
}

class ImpairmentTest : public LinuxKernelTest {
 protected:
  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (!IsSkipped()) FAULTLINE_SKIP_IF(WhyNo({Capability::kRateLane, Capability::kRandomRule}));
  }

  // Installs it and opens all its gates.
  void InstallOpen(const Program& program) {
    ASSERT_THAT(kernel_->Install(program), IsOk());
    for (const Program::StepRules& step : program.steps) ASSERT_THAT(OpenGate(program.run.text(), step.index), IsOk());
  }

  std::map<StepIndex, RuleCounters> Counters(const std::string& run) {
    const auto counters = kernel_->ReadCounters(RunId(run));
    EXPECT_THAT(counters, IsOk());
    std::map<StepIndex, RuleCounters> by_step;
    if (counters.ok()) {
      for (const RuleCounters& counter : *counters) by_step[counter.step] = counter;
    }
    return by_step;
  }

  // How many of so many datagrams arrive, however late; those that do not cost a second.
  int Pass(const Netns& from, const std::string& from_address, const Netns& to, const std::string& to_address,
           int count = 10, std::size_t size = 6) {
    UdpSocket sender(from, from_address, 0);
    UdpSocket receiver(to, to_address, 3000);
    for (int i = 0; i < count; ++i) EXPECT_EQ(sender.SendTo(to_address, 3000, std::string(size, 'x')), 0);
    int arrived = 0;
    while (arrived < count && !receiver.Receive(seconds(1)).empty()) ++arrived;
    return arrived;
  }
  int PassIn(int count = 10, std::size_t size = 6) { return Pass(peer(), kPeer4, node(), kNode4, count, size); }
  int PassOut(int count = 10) { return Pass(node(), kNode4, peer(), kPeer4, count); }

  // Our devices.
  int Lanes() {
    int lanes = 0;
    const std::string links = node().Run("ip -o link show type ifb");
    for (std::size_t at = 0; (at = links.find(": fl", at)) != std::string::npos; ++at) ++lanes;
    return lanes;
  }
};

TEST_F(ImpairmentTest, GoesThroughALaneForEachDirection) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  Program program = MakeProgram("r", {FastLane(0)});
  program.steps[0].outgoing = {{.destinations = 0}};
  ASSERT_THAT(kernel_->Install(program), IsOk());
  EXPECT_EQ(Lanes(), 2);
  EXPECT_EQ(Reachable(), "in4 in6 out4 out6");
  EXPECT_EQ(Counters("r")[0], (RuleCounters{.step = 0}));
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_EQ(PassIn(), 10);
  EXPECT_EQ(Pass(peer(), kPeer6, node(), kNode6), 10);
  EXPECT_EQ(PassOut(), 10);
  EXPECT_EQ(Pass(node(), kNode6, peer(), kPeer6), 10);
  const RuleCounters counters = Counters("r")[0];
  EXPECT_EQ(counters.packets, 40u);
  EXPECT_EQ(counters.passed, 40u);
  EXPECT_EQ(counters.lost + counters.overflowed, 0u);
  ASSERT_THAT(CloseGate("r", 0), IsOk());
  EXPECT_EQ(PassIn(), 10);
  EXPECT_EQ(Counters("r")[0], counters);
  ASSERT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_EQ(node().State(), before());
}

// 60 datagrams of 1250 bytes are 0.6 Mbit.
TEST_F(ImpairmentTest, TheRateIsWhatShapeSaysLast) {
  const auto time_of_60 = [this] {
    const SystemClock clock;
    const MonotonicTime start = clock.Now();
    EXPECT_EQ(PassIn(60, 1250 - 28), 60);
    return clock.Now() - start;
  };
  Program program = MakeProgram("r", {RateStep(0, 1'000'000)});
  program.steps[0].incoming = {{.sources = 0}};
  InstallOpen(program);
  EXPECT_GE(time_of_60(), milliseconds(500));
  Impairment fast;
  fast.rate = BitRate{kGigabit};
  const LaneChange change[] = {{0, fast}};
  ASSERT_THAT(kernel_->Shape(RunId("r"), change), IsOk());
  EXPECT_LT(time_of_60(), milliseconds(500));
  EXPECT_EQ(Counters("r")[0].passed, 120u);
}

TEST_F(ImpairmentTest, ABlockOfAnyRunWins) {
  for (const bool block_first : {true, false}) {
    const Program block = MakeProgram("block", {DropStep(0)});
    const Program lane = MakeProgram("lane", {FastLane(0)});
    InstallOpen(block_first ? block : lane);
    InstallOpen(block_first ? lane : block);
    EXPECT_FALSE(PeerReachesNode(Family::kIpv4));
    EXPECT_EQ(Counters("block")[0].packets, 10u) << block_first;
    EXPECT_EQ(Counters("lane")[0].packets, 0u) << block_first;
    ASSERT_THAT(CloseGate("block", 0), IsOk());
    EXPECT_EQ(PassIn(), 10);
    EXPECT_EQ(Counters("lane")[0].packets, 10u) << block_first;
    ASSERT_THAT(kernel_->Remove(RunId("block")), IsOk());
    ASSERT_THAT(kernel_->Remove(RunId("lane")), IsOk());
  }
}

TEST_F(ImpairmentTest, ABlockOnTheWayOutWins) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  for (const bool block_first : {true, false}) {
    Program block = MakeProgram("block", {{.index = 0, .outgoing = {{.destinations = 0}}}});
    Program lane = MakeProgram("lane", {RateStep(0, kGigabit)});
    lane.steps[0].outgoing = {{.destinations = 0}};
    InstallOpen(block_first ? block : lane);
    InstallOpen(block_first ? lane : block);
    EXPECT_FALSE(NodeReachesPeer(Family::kIpv4));
    EXPECT_EQ(Counters("block")[0].packets, 10u) << block_first;
    EXPECT_EQ(Counters("lane")[0].packets, 0u) << block_first;
    ASSERT_THAT(kernel_->Remove(RunId("block")), IsOk());
    ASSERT_THAT(kernel_->Remove(RunId("lane")), IsOk());
  }
}

TEST_F(ImpairmentTest, OfTwoRunsTheOneInstalledLaterWins) {
  InstallOpen(MakeProgram("b", {FastLane(0)}));
  InstallOpen(MakeProgram("a", {FastLane(0)}));
  InstallOpen(MakeProgram("c", {FastLane(0)}));
  EXPECT_EQ(PassIn(), 10);
  EXPECT_EQ(Counters("c")[0].packets, 10u);
  EXPECT_EQ(Counters("a")[0].packets + Counters("b")[0].packets, 0u);
  ASSERT_THAT(kernel_->Remove(RunId("c")), IsOk());
  EXPECT_EQ(PassIn(), 10);
  EXPECT_EQ(Counters("a")[0].packets, 10u);
  EXPECT_EQ(Counters("b")[0].packets, 0u);
  // Where its gate is closed the next one has it.
  ASSERT_THAT(CloseGate("a", 0), IsOk());
  EXPECT_EQ(PassIn(), 10);
  EXPECT_EQ(Counters("b")[0].packets, 10u);
}

TEST_F(ImpairmentTest, OfTwoStepsOfARunTheFirstWins) {
  InstallOpen(MakeProgram("r", {FastLane(7), FastLane(3)}));
  EXPECT_EQ(PassIn(), 10);
  EXPECT_EQ(Counters("r")[7].packets, 10u);
  EXPECT_EQ(Counters("r")[3].packets, 0u);
  EXPECT_EQ(Counters("r")[3].passed, 0u);
}

TEST_F(ImpairmentTest, LosesByRule) {
  InstallOpen(MakeProgram("r", {LossStep(0, Ratio::Percent(100))}));
  EXPECT_EQ(PassIn(), 0);
  EXPECT_EQ(Counters("r")[0].packets, 10u);
  EXPECT_EQ(Counters("r")[0].lost, 10u);
  EXPECT_EQ(Counters("r")[0].passed, 0u);
  // Another share leaves the counters, and the protected passes all the time.
  Impairment little;
  little.loss = Ratio::PartsPerBillion(1);
  const LaneChange change[] = {{0, little}};
  ASSERT_THAT(kernel_->Shape(RunId("r"), change), IsOk());
  EXPECT_EQ(PassIn(), 10);
  EXPECT_EQ(Counters("r")[0].packets, 20u);
  EXPECT_EQ(Counters("r")[0].lost, 10u);
  EXPECT_EQ(Counters("r")[0].passed, 10u);
  ASSERT_THAT(CloseGate("r", 0), IsOk());
  EXPECT_EQ(PassIn(), 10);
  EXPECT_EQ(Counters("r")[0].passed, 10u);
}

// Not drawn for: the packets of a lane that comes before in the run.
TEST_F(ImpairmentTest, ALossByRuleIsOfTheRunsOtherwiseUntouchedPackets) {
  Program program = MakeProgram("r", {FastLane(0), LossStep(1, Ratio::Percent(100))});
  program.steps[0].filter = {.protocol = Protocol::kUdp, .destination_ports = {{3000, 3000}}};
  InstallOpen(program);
  EXPECT_EQ(PassIn(), 10);
  EXPECT_EQ(Counters("r")[0].passed, 10u);
  EXPECT_EQ(Counters("r")[1], (RuleCounters{.step = 1}));
  ASSERT_THAT(CloseGate("r", 0), IsOk());
  EXPECT_EQ(PassIn(), 0);
  EXPECT_EQ(Counters("r")[1].lost, 10u);
}

TEST_F(ImpairmentTest, OfTwoLossesByRuleTheFirstWins) {
  InstallOpen(MakeProgram("r", {LossStep(0, Ratio::PartsPerBillion(1)), LossStep(1, Ratio::Percent(100))}));
  EXPECT_EQ(PassIn(), 10);
  EXPECT_EQ(Counters("r")[1], (RuleCounters{.step = 1}));
}

// On the wire they are packets, though connection tracking puts them together before anyone else sees them.
TEST_F(ImpairmentTest, FragmentsAreLostByRuleEachByItself) {
  FAULTLINE_SKIP_IF(WhyNo({Capability::kConnectionState}));
  Program tracking = MakeProgram("tracking", {DropStep(0)});
  tracking.steps[0].filter.connection = Connection::kEstablished;
  ASSERT_THAT(kernel_->Install(tracking), IsOk());
  InstallOpen(MakeProgram("r", {LossStep(0, Ratio::Percent(100))}));
  EXPECT_EQ(PassIn(1, 3000), 0);
  EXPECT_EQ(Counters("r")[0].packets, 3u);
  EXPECT_EQ(Counters("r")[0].lost, 3u);
}

// Why the rule has to be in the second table.
TEST_F(ImpairmentTest, PacketsComeBackBehindTheInterfacesHooks) {
  node().Run("nft -f -", R"(
    add table netdev theirs
    add chain netdev theirs in { type filter hook ingress device eth0 priority 0; }
    add rule netdev theirs in udp dport 3000 counter
    add table inet theirs
    add chain inet theirs in { type filter hook prerouting priority -300; }
    add rule inet theirs in udp dport 3000 counter
)");
  InstallOpen(MakeProgram("r", {FastLane(0)}));
  EXPECT_EQ(PassIn(), 10);
  EXPECT_THAT(node().Run("nft list table netdev theirs"), HasSubstr("counter packets 0 "));
  EXPECT_THAT(node().Run("nft list table inet theirs"), HasSubstr("counter packets 10 "));
  node().Run("nft delete table netdev theirs");
  node().Run("nft delete table inet theirs");
}

// What a namespace's TCP has sent, in packets as they are on the wire.
std::uint64_t SegmentsSent(const Netns& netns) {
  std::istringstream lines(netns.Run("cat /proc/thread-self/net/snmp"));
  std::map<std::string, std::uint64_t> counters;
  for (std::string names, values; std::getline(lines, names) && std::getline(lines, values);) {
    if (!names.starts_with("Tcp:")) continue;
    std::istringstream name(names);
    std::istringstream value(values);
    std::string word;
    std::string number;
    while (name >> word && value >> number)
      if (!absl::SimpleAtoi(number, &counters[word])) counters.erase(word);
  }
  return counters["OutSegs"] + counters["RetransSegs"];
}

class WirePacketTest : public ImpairmentTest, public ::testing::WithParamInterface<std::uint32_t> {};

// Of a stream of aggregates: the packets are those that TCP says it has sent, and each was drawn for.
TEST_P(WirePacketTest, EveryOneIsDrawnForByItself) {
  constexpr std::uint64_t kEnough = 120'000;
  const Ratio share = Ratio::Percent(GetParam());
  // A lost retransmission costs this long, instead of 200 ms.
  peer().Run("ip route change 172.32.0.0/11 dev eth0 proto kernel scope link src 172.33.11.90 rto_min 5ms");
  Program program = MakeProgram("r", {LossStep(0, share)});
  program.steps[0].filter.protocol = Protocol::kTcp;
  InstallOpen(program);
  const std::uint64_t before_it = SegmentsSent(peer());
  {
    std::vector<std::unique_ptr<TcpLoad>> loads;
    for (std::uint16_t i = 0; i < 16; ++i) {
      loads.push_back(std::make_unique<TcpLoad>(peer(), node(), kNode4, static_cast<std::uint16_t>(4000 + i)));
    }
    const SystemClock clock;
    const MonotonicTime deadline = clock.Now() + seconds(90);
    while (SegmentsSent(peer()) - before_it < kEnough && clock.Now() < deadline) std::this_thread::yield();
  }
  const RuleCounters counters = Counters("r")[0];
  const auto packets = static_cast<double>(counters.lost + counters.passed);
  const auto sent = static_cast<double>(SegmentsSent(peer()) - before_it);
  ASSERT_GE(sent, static_cast<double>(kEnough));
  // The connections' ends are still under way.
  EXPECT_NEAR(packets, sent, sent / 1000);
  const double expected = packets * share.AsDouble();
  // Outside of it is one honest run in 10 000.
  const double margin = 3.89 * std::sqrt(expected * (1 - share.AsDouble()));
  EXPECT_NEAR(static_cast<double>(counters.lost), expected, margin) << "of " << packets;
  EXPECT_LT(static_cast<double>(counters.packets), packets) << "no aggregate came";
  RecordProperty("sent", absl::StrCat(sent));
  RecordProperty("packets", absl::StrCat(packets));
  RecordProperty("lost", absl::StrCat(counters.lost));
  RecordProperty("at_the_hook", absl::StrCat(counters.packets));
}

INSTANTIATE_TEST_SUITE_P(Percent, WirePacketTest, ::testing::Values(1, 10));

TEST_F(ImpairmentTest, ALaneCannotBecomeAnother) {
  ASSERT_THAT(kernel_->Install(MakeProgram("r", {FastLane(0), LossStep(1, Ratio::Percent(1)), DropStep(2)})), IsOk());
  Impairment delay;
  delay.delay = milliseconds(1);
  for (const StepIndex step : {0, 1}) {
    const LaneChange change[] = {{step, delay}};
    EXPECT_THAT(kernel_->Shape(RunId("r"), change),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(absl::StrCat("shape run r: step ", step))));
  }
  // Steps without lanes are passed over.
  const LaneChange none[] = {{2, delay}, {9, delay}};
  EXPECT_THAT(kernel_->Shape(RunId("r"), none), IsOk());
  EXPECT_THAT(kernel_->Shape(RunId("q"), none), StatusIs(absl::StatusCode::kNotFound, HasSubstr("run q")));
}

TEST_F(ImpairmentTest, TooManyLanesChangeNothing) {
  Program program = MakeProgram("r", {});
  for (StepIndex i = 0; i < 65; ++i) program.steps.push_back(FastLane(i));
  EXPECT_THAT(kernel_->Install(program), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at most 64")));
  EXPECT_EQ(node().State(), before());
  program.steps.pop_back();
  EXPECT_THAT(kernel_->Install(program), IsOk());
  EXPECT_EQ(Lanes(), 64);
  EXPECT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_EQ(Lanes(), 0);
}

TEST_F(ImpairmentTest, AFailureTakesTheLanesAway) {
  node().Run("nft add table netdev faultline");
  const std::string foreign = node().State();
  EXPECT_THAT(kernel_->Install(MakeProgram("r", {FastLane(0), LossStep(1, Ratio::Percent(1))})),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("add table faultline")));
  EXPECT_EQ(node().State(), foreign);
  node().Run("nft delete table netdev faultline");
  const auto capabilities = kernel_->Probe();
  ASSERT_THAT(capabilities, IsOk());
  if (capabilities->Has(Capability::kNetem)) return;
  // One that cannot be made takes those before it away.
  EXPECT_THAT(kernel_->Install(MakeProgram("r", {FastLane(0), NetemStep(1, milliseconds(10))})),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("install run r: step 1")));
  EXPECT_EQ(node().State(), before());
}

TEST_F(ImpairmentTest, RemoveSucceedsWhenSomebodyDeletedTheLane) {
  InstallOpen(MakeProgram("r", {FastLane(0), LossStep(1, Ratio::Percent(1))}));
  node().Run("ip link del fl0");
  EXPECT_EQ(Counters("r")[0].passed, 0u);
  EXPECT_THAT(kernel_->Remove(RunId("r")), IsOk());
  EXPECT_EQ(node().State(), before());
}

class NetemImpairmentTest : public ImpairmentTest {
 protected:
  void SetUp() override {
    ImpairmentTest::SetUp();
    if (!IsSkipped()) FAULTLINE_SKIP_IF(WhyNo({Capability::kNetem}));
  }
};

TEST_F(NetemImpairmentTest, DelaysWhatTheGateLetsIn) {
  const auto time_of_one = [this] {
    const SystemClock clock;
    const MonotonicTime start = clock.Now();
    EXPECT_EQ(PassIn(1), 1);
    return clock.Now() - start;
  };
  ASSERT_THAT(kernel_->Install(MakeProgram("r", {NetemStep(0, milliseconds(300))})), IsOk());
  EXPECT_LT(time_of_one(), milliseconds(300));
  ASSERT_THAT(OpenGate("r", 0), IsOk());
  EXPECT_GE(time_of_one(), milliseconds(300));
  Impairment longer;
  longer.delay = milliseconds(600);
  const LaneChange change[] = {{0, longer}};
  ASSERT_THAT(kernel_->Shape(RunId("r"), change), IsOk());
  EXPECT_GE(time_of_one(), milliseconds(600));
  ASSERT_THAT(CloseGate("r", 0), IsOk());
  EXPECT_LT(time_of_one(), milliseconds(300));
  EXPECT_EQ(Counters("r")[0].passed, 2u);
}

TEST_F(NetemImpairmentTest, CountsWhatIsLost) {
  Program program = MakeProgram("r", {NetemStep(0, milliseconds(1))});
  std::get<Impairment>(program.steps[0].effect).loss = Ratio::Percent(100);
  InstallOpen(program);
  EXPECT_EQ(PassIn(), 0);
  EXPECT_EQ(Counters("r")[0].lost, 10u);
  EXPECT_EQ(Counters("r")[0].passed, 0u);
}

// A loss of all packets by netem, in the run installed later, against a lane that lets them pass.
TEST_F(NetemImpairmentTest, TheLaterRunsLaneTakesThePackets) {
  InstallOpen(MakeProgram("first", {NetemStep(0, milliseconds(1))}));
  Program program = MakeProgram("second", {NetemStep(0, milliseconds(1))});
  std::get<Impairment>(program.steps[0].effect).loss = Ratio::Percent(100);
  InstallOpen(program);
  EXPECT_EQ(PassIn(), 0);
  ASSERT_THAT(kernel_->Remove(RunId("second")), IsOk());
  EXPECT_EQ(PassIn(), 10);
}

}  // namespace
}  // namespace faultline::testing
