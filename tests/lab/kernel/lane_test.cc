// Lanes on a kernel with ifb and tbf: what they are made of, the silent drop, the rate, the splitting. What needs netem
// is tests/vm/netem.

#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "absl/strings/str_cat.h"
#include "agent/kernel/link_table.h"
#include "tests/lab/kernel/lane_bed.h"
#include "tests/support/matchers.h"
#include "tests/support/udp.h"

namespace faultline::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

LaneSpec Rate(std::uint64_t bits_per_second, std::uint64_t burst = 0) {
  return {.kind = LaneKind::kRate, .impairment = {.rate = BitRate{bits_per_second}, .burst = burst}};
}

LaneSpec Splitter() { return {.kind = LaneKind::kLossByRule}; }

class LaneTest : public LaneBed {};

bool HasEgressHook(const Netns& netns) {
  const InNetns inside(netns);
  const CommandResult result = RunCommand(
      {"nft", "-f", "-"}, "table netdev egress {\nchain out {\ntype filter hook egress device lo priority 0;\n}\n}\n");
  if (result.code != 0) return false;
  Command("nft delete table netdev egress");
  return true;
}

TEST_F(LaneTest, OfABlackholeTheSenderIsNotTold) {
  if (!HasEgressHook(node())) GTEST_SKIP() << "this kernel has no netdev egress hook";
  const auto lane = MakeBlackholeLane(socket());
  ASSERT_THAT(lane, IsOk());
  node().Run("nft -f -", absl::StrCat(R"(
    table netdev bed {
      chain out {
        type filter hook egress device "eth0" priority 0;
        udp dport )",
                                      kFencePort, R"( return
        ip daddr )",
                                      kPeer4, R"( counter fwd to ")", lane->name, R"("
      }
    })"));
  UdpSocket sender(node(), kNode4, 0);
  UdpSocket receiver(peer(), kPeer4, 3000);
  UdpSocket fence(peer(), kPeer4, kFencePort);
  // Also more than a socket's buffer, and packets above the lane's MTU.
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(sender.SendTo(kPeer4, 3000, std::string(1400, 'x')), 0) << i;
  ASSERT_EQ(sender.SendTo(kPeer4, kFencePort, "fence"), 0);
  EXPECT_EQ(fence.Receive(seconds(5)), "fence");
  EXPECT_EQ(receiver.Receive(Duration(0)), "");
  EXPECT_THAT(node().Run("nft list table netdev bed"), HasSubstr("packets 2000"));
  node().Run("nft delete table netdev bed");
  EXPECT_THAT(DeleteLane(socket(), *lane), IsOk());
}

TEST_F(LaneTest, WhatGoesOutComesBackAndGoesOut) {
  if (!HasEgressHook(node())) GTEST_SKIP() << "this kernel has no netdev egress hook";
  Make(Splitter());
  node().Run("nft -f -", absl::StrCat(R"(
    table netdev bed {
      chain out {
        type filter hook egress device "eth0" priority 0;
        ip daddr )",
                                      kPeer4, " fwd to ", Entrance(), R"(
      }
    })"));
  DatagramSink sink(peer(), kPeer4, 3000);
  DatagramSource source(node(), kPeer4, 3000, 1400);
  for (int i = 0; i < 100; ++i) source.Send(40);
  while (sink.arrived().size() < 4000 && sink.Await(seconds(5))) sink.Drain();
  EXPECT_EQ(sink.arrived().size(), 4000u);
  EXPECT_EQ(Counters(), LaneCounters{.passed = 4000});
}

TEST_F(LaneTest, TakesTheFirstFreeName) {
  node().Run("ip link add fl0 type veth peer name other");
  Make(Splitter());
  EXPECT_EQ(lane().name, "fl1");
  EXPECT_THAT(node().Run("ip link show fl1"), HasSubstr("alias faultline"));
  EXPECT_THAT(node().Run("ip link show fl1s"), HasSubstr("alias faultline"));
  node().Run("ip link del fl0");
}

TEST_F(LaneTest, HasNothingOfIpv6) {
  Make(Splitter());
  for (const std::string& device : {lane().name, Entrance()}) {
    EXPECT_EQ(node().Run("ip -6 address show dev " + device), "");
  }
  EXPECT_THAT(node().Run("ip -6 route show table all"), Not(HasSubstr("fl0")));
  EXPECT_EQ(node().Run("ip -6 maddress show dev fl0"), node().Run("ip -6 maddress show dev fl0s"));
}

TEST_F(LaneTest, IsNoInterfaceForFaults) {
  const auto before = ListInterfaces(socket());
  Make(Splitter());
  node().Run("ip address add 192.0.2.1/24 dev fl0");
  node().Run("ip address add 192.0.2.2/24 dev fl0s");
  const auto after = ListInterfaces(socket());
  ASSERT_THAT(before, IsOk());
  ASSERT_THAT(after, IsOk());
  EXPECT_EQ(after->size(), before->size());
}

TEST_F(LaneTest, DeletingOneThatIsGoneIsNoError) {
  Make(Splitter());
  node().Run("ip link del fl0");
  EXPECT_THAT(ReadLane(socket(), lane()), StatusIs(absl::StatusCode::kNotFound, HasSubstr("fl0")));
  EXPECT_THAT(ChangeLane(socket(), lane(), Splitter()), StatusIs(absl::StatusCode::kNotFound, HasSubstr("fl0")));
  EXPECT_THAT(DeleteLane(socket(), lane()), IsOk());
}

TEST_F(LaneTest, AllAreDeletedButThoseOfOthers) {
  node().Run("ip link add fl7 type ifb");
  for (int i = 0; i < 3; ++i) ASSERT_THAT(MakeLane(socket(), Splitter()), IsOk());
  ASSERT_THAT(MakeBlackholeLane(socket()), IsOk());
  ASSERT_THAT(DeleteAllLanes(socket()), IsOk());
  EXPECT_THAT(node().State(), AllOf(HasSubstr("fl7"), Not(HasSubstr("alias faultline"))));
  node().Run("ip link del fl7");
}

TEST_F(LaneTest, AFailureLeavesNothing) {
  const Impairment wide{.distribution = Distribution::kSamples, .samples = {Duration(0), std::chrono::hours(1)}};
  EXPECT_THAT(MakeLane(socket(), {.impairment = wide}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1h")));
  EXPECT_EQ(node().State(), before());
}

TEST_F(LaneTest, WithoutNetemTheQdiscIsNamed) {
  const auto lane = MakeLane(socket(), {.impairment = {.delay = milliseconds(10)}});
  if (lane.ok()) {
    // This kernel has it.
    EXPECT_THAT(DeleteLane(socket(), *lane), IsOk());
    return;
  }
  EXPECT_THAT(lane, StatusIs(absl::StatusCode::kNotFound, HasSubstr("netem")));
  EXPECT_EQ(node().State(), before());
}

// Of the calling thread.
void KeepOnlyNetAdmin() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3};
  __user_cap_data_struct data[2] = {};
  data[0].effective = data[0].permitted = 1U << CAP_NET_ADMIN;
  ASSERT_EQ(syscall(SYS_capset, &header, data), 0) << strerror(errno);
}

TEST_F(LaneTest, NeedsOnlyNetAdmin) {
  // For good, and so in a thread of its own.
  std::thread([this] {
    ASSERT_EQ(setns(node().fd(), CLONE_NEWNET), 0) << strerror(errno);
    KeepOnlyNetAdmin();
    auto own = RtSocket::Open();
    ASSERT_THAT(own, IsOk());
    const auto blackhole = MakeBlackholeLane(*own);
    ASSERT_THAT(blackhole, IsOk());
    EXPECT_THAT(DeleteLane(*own, *blackhole), IsOk());
    const auto lane = MakeLane(*own, Rate(1'000'000));
    ASSERT_THAT(lane, IsOk());
    EXPECT_NE(lane->index, lane->device);
    EXPECT_THAT(ChangeLane(*own, *lane, Rate(2'000'000)), IsOk());
    EXPECT_THAT(ReadLane(*own, *lane), IsOk());
    EXPECT_THAT(DeleteAllLanes(*own), IsOk());
  }).join();
}

TEST_F(LaneTest, EveryPacketOfAnAggregateIsOne) {
  Make(Splitter());
  Forward();
  constexpr std::uint32_t kDatagrams = 20'000;
  EXPECT_EQ(Pass(kDatagrams).size(), kDatagrams);
  EXPECT_EQ(Counters(), LaneCounters{.passed = kDatagrams});
  // The hook before the lane saw aggregates of 42.
  EXPECT_EQ(Arrived().packets, kDatagrams);
}

TEST_F(LaneTest, TbfAloneSplitsWhatIsLargerThanAnyPacket) {
  Make(Splitter());
  Forward(lane().name);
  constexpr std::uint32_t kDatagrams = 20'000;
  EXPECT_EQ(Pass(kDatagrams).size(), kDatagrams);
  EXPECT_EQ(Counters(), LaneCounters{.passed = kDatagrams});
  EXPECT_EQ(Arrived().packets, kDatagrams);
}

class JumboLaneTest : public LaneTest {
 protected:
  void SetUp() override {
    LaneTest::SetUp();
    if (IsSkipped()) return;
    for (const Netns* netns : {&node(), &peer()}) netns->Run("ip link set eth0 mtu 9001");
  }
  void TearDown() override {
    if (!IsSkipped()) node().Run("ip link set eth0 mtu 1500");
    LaneTest::TearDown();
  }
};

TEST_F(JumboLaneTest, SmallAggregatesAreSplitAndJumboFramesPass) {
  Make(Splitter());
  Forward();
  // Six packets of 1442 bytes are less than one jumbo frame.
  DatagramSource usual(peer(), kNode4, 3000, 1400);
  for (int i = 0; i < 500; ++i) usual.Send(6);
  for (int i = 0; i < 500; ++i) usual.Send(2);
  DatagramSource jumbo(peer(), kNode4, 3000, 8960);
  for (int i = 0; i < 500; ++i) jumbo.Send();
  for (int i = 0; i < 100; ++i) jumbo.Send(5);
  EXPECT_EQ(Counters(), LaneCounters{.passed = 5000});
  EXPECT_EQ(Arrived().packets, 5000u);
}

TEST_F(JumboLaneTest, WithoutSplitterNoJumboFrameIsLost) {
  Make(Splitter());
  Forward(lane().name);
  DatagramSource jumbo(peer(), kNode4, 3000, 8960);
  for (int i = 0; i < 500; ++i) jumbo.Send();
  for (int i = 0; i < 100; ++i) jumbo.Send(5);
  EXPECT_EQ(Counters(), LaneCounters{.passed = 1000});
}

TEST_F(JumboLaneTest, AChangeMakesRoomForALargerMtu) {
  for (const Netns* netns : {&node(), &peer()}) netns->Run("ip link set eth0 mtu 1500");
  Make(Splitter());
  Forward();
  for (const Netns* netns : {&node(), &peer()}) netns->Run("ip link set eth0 mtu 9001");
  DatagramSource jumbo(peer(), kNode4, 3000, 8960);
  jumbo.Send();
  EXPECT_EQ(Counters(), LaneCounters{.overflowed = 1});
  Change(Splitter());
  jumbo.Send();
  EXPECT_EQ(Counters(), (LaneCounters{.passed = 1, .overflowed = 1}));
}

class RateLaneTest : public LaneTest, public ::testing::WithParamInterface<std::uint64_t> {};

TEST_P(RateLaneTest, HoldsUnderTcp) {
  Make(Rate(GetParam()));
  Forward();
  const TcpLoad load(peer(), node(), kNode4, 5000);
  BitsPerSecond(milliseconds(500));
  // A machine that is busy may fill it less for a while, but nothing fills it more.
  double share = 0;
  for (int i = 0; i < 4 && share < 0.97; ++i) {
    share = BitsPerSecond(seconds(2)) / static_cast<double>(GetParam());
    EXPECT_LT(share, 1.03);
  }
  EXPECT_GT(share, 0.97);
}

// 1 Gbit/s holds as well, where the machine has nothing else to do.
INSTANTIATE_TEST_SUITE_P(Rates, RateLaneTest, ::testing::Values(1'000'000, 10'000'000, 100'000'000),
                         [](const auto& rate) { return absl::StrCat(rate.param / 1'000'000, "mbit"); });

TEST_F(LaneTest, ABurstPassesAtOnceAndIsSplit) {
  constexpr std::uint64_t kBurst = 100'000;
  Make(Rate(1'000'000, kBurst));
  Forward();
  DatagramSource source(peer(), kNode4, 3000, 1400);
  const MonotonicTime start = Now();
  for (int i = 0; i < 4; ++i) source.Send(42);
  const std::uint64_t passed = Counters().passed;
  const double filled = std::chrono::duration<double>(Now() - start).count() * 1e6 / 8;
  constexpr int kFrame = 1442;
  EXPECT_GE(passed, kBurst / kFrame);
  EXPECT_LE(static_cast<double>(passed), (kBurst + filled) / kFrame + 1);
}

TEST_F(LaneTest, AChangeOfRateLosesNoPacketThatWaits) {
  Make(Rate(64'000));
  Forward();
  DatagramSink sink(node(), kNode4, 3000);
  DatagramSource source(peer(), kNode4, 3000, 1400);
  source.Send(40);
  ASSERT_GT(Waiting(), 20u);
  Change(Rate(100'000'000));
  source.Send(40);
  while (sink.arrived().size() < 80 && sink.Await(seconds(5))) sink.Drain();
  ASSERT_EQ(sink.arrived().size(), 80u);
  for (std::uint32_t i = 0; i < 80; ++i) EXPECT_EQ(sink.arrived()[i].sequence, i);
  EXPECT_EQ(Counters(), LaneCounters{.passed = 80});
}

TEST_F(LaneTest, WhatFindsNoRoomIsCounted) {
  Make(Rate(64'000));
  Forward();
  DatagramSource source(peer(), kNode4, 3000, 1400);
  for (int i = 0; i < 10; ++i) source.Send(40);
  // On a busy machine some are still on their way.
  const MonotonicTime deadline = Now() + seconds(10);
  LaneCounters counters;
  std::uint64_t waiting = 0;
  do {
    waiting = Waiting();
    counters = Counters();
  } while (counters.passed + counters.overflowed + waiting < 400 && Now() < deadline);
  EXPECT_GE(waiting, 60u);
  EXPECT_GT(counters.overflowed, 300u);
  EXPECT_EQ(counters.lost, 0u);
  EXPECT_NEAR(static_cast<double>(counters.passed + counters.overflowed + waiting), 400, 1);
}

}  // namespace
}  // namespace faultline::testing
