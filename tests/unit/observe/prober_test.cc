#include "agent/observe/prober.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "agent/observe/probe_packet.h"
#include "tests/unit/observe/prober_harness.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr std::uint32_t kA = 1;
constexpr std::uint32_t kB = 2;
const IpAddress kAddressA = Address("127.0.0.1");
const IpAddress kAddressB = Address("127.0.0.2");
const MeshPeer kPeerA = {.name = NodeName("a"), .id = kA, .ipv4 = kAddressA};
const MeshPeer kPeerB = {.name = NodeName("b"), .id = kB, .ipv4 = kAddressB};

// Of the one UDP socket at this port; empty when there is none.
std::string InodeOfSocketAt(std::uint16_t port) {
  std::ifstream table("/proc/net/udp");
  for (std::string line; std::getline(table, line);) {
    const std::vector<std::string> fields = absl::StrSplit(line, ' ', absl::SkipEmpty());
    constexpr std::size_t kLocal = 1;
    constexpr std::size_t kInode = 9;
    if (fields.size() > kInode && fields[kLocal].ends_with(absl::StrFormat(":%04X", port))) return fields[kInode];
  }
  return "";
}

// Of one burst.
void AddMarks(std::string& all, const std::string& more) {
  all.resize(std::max(all.size(), more.size()));
  for (std::size_t i = 0; i < more.size(); ++i) all[i] = static_cast<char>(all[i] | more[i]);
}

class ProberTest : public ::testing::Test {
 protected:
  std::unique_ptr<Prober> MakeProber(const IpAddress& address) {
    return std::make_unique<Prober>(clock_, mapping_.Get(), Prober::Options{.ipv4 = address});
  }
  ControllerTime Now() const { return ControllerTime(clock_.Now().time_since_epoch() + TestMapping::kOffset); }
  ProbeMesh MeshA() const { return MeshOf(kA, port_, {kPeerB}); }
  ProbeMesh MeshB() const { return MeshOf(kB, port_, {kPeerA}); }

  SystemClock clock_;
  TestMapping mapping_;
  const std::uint16_t port_ = FreePort();
};

TEST_F(ProberTest, TwoNodesCountWhatEachSentAndTheOtherGot) {
  const auto a = MakeProber(kAddressA);
  const auto b = MakeProber(kAddressB);
  ASSERT_EQ(a->Configure(MeshA()), absl::OkStatus());
  ASSERT_EQ(b->Configure(MeshB()), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return a->status().received >= 5 && b->status().received >= 5; }));

  Totals at_a;
  Totals at_b;
  AddTo(at_a, a->Drain());
  AddTo(at_b, b->Drain());
  EXPECT_GE(at_a.at({NodeName("b"), Family::kIpv4}).received, 5u);
  EXPECT_GE(at_a.at({NodeName("b"), Family::kIpv4}).sent, 1u);
  EXPECT_GE(at_b.at({NodeName("a"), Family::kIpv4}).received, 5u);
  EXPECT_EQ(a->status().duplicates, 0u);
  EXPECT_EQ(a->status().send_errors, 0u);
  EXPECT_EQ(a->status().last_send_error, "");
  EXPECT_TRUE(a->status().health.ok());
}

TEST_F(ProberTest, OneWayIsOneWay) {
  const auto a = MakeProber(kAddressA);
  const auto b = MakeProber(kAddressB);
  // What b sends goes where nobody is.
  ProbeMesh deaf = MeshB();
  deaf.peers[0].ipv4 = Address("127.0.0.3");
  ASSERT_EQ(b->Configure(deaf), absl::OkStatus());
  ASSERT_EQ(a->Configure(MeshA()), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return b->status().received >= 5 && b->status().sent >= 5; }));
  EXPECT_EQ(a->status().received, 0u);
}

TEST_F(ProberTest, WindowsAreAlignedOnTheControllersClock) {
  const auto a = MakeProber(kAddressA);
  const ControllerTime before = Now();
  ASSERT_EQ(a->Configure(MeshA()), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return a->status().sent >= 3; }));
  for (const WindowCount& count : a->Drain()) {
    EXPECT_EQ(count.start.time_since_epoch() % MeshA().window, Duration(0));
    EXPECT_GT(count.start, before - MeshA().window);
    EXPECT_LE(count.start, Now());
  }
}

TEST_F(ProberTest, EveryProbeIsAccountedForOverReconfigurations) {
  const auto a = MakeProber(kAddressA);
  const auto b = MakeProber(kAddressB);
  ASSERT_EQ(b->Configure(MeshB()), absl::OkStatus());
  // What is sent before its thread first ran is not for it.
  ASSERT_TRUE(Eventually([&] { return b->status().sent > 0; }));
  Totals at_a;
  Totals at_b;
  for (std::uint32_t round = 1; round <= 4; ++round) {
    ProbeMesh mesh = MeshA();
    mesh.peers.push_back({.name = NodeName("c"), .id = 10 + round, .ipv4 = Address("127.0.0.3")});
    const std::uint64_t before = b->status().received;
    ASSERT_EQ(a->Configure(mesh), absl::OkStatus());
    ASSERT_TRUE(Eventually([&] { return b->status().received >= before + 3; }));
    if (round % 2 == 0) AddTo(at_a, a->Drain());
  }
  ASSERT_EQ(a->Configure(MeshOf(kA, port_, {})), absl::OkStatus());
  AddTo(at_a, a->Drain());
  const std::uint32_t sent = at_a.at({NodeName("b"), Family::kIpv4}).sent;
  EXPECT_TRUE(Eventually([&] {
    AddTo(at_b, b->Drain());
    return at_b[{NodeName("a"), Family::kIpv4}].received >= sent;
  }));
  EXPECT_EQ(at_b.at({NodeName("a"), Family::kIpv4}).received, sent);
  EXPECT_EQ(b->status().duplicates, 0u);
}

TEST_F(ProberTest, NumbersGoOnOverReconfigurations) {
  absl::StatusOr<ProbeSocket> b = ProbeSocket::Open(kAddressB, port_);
  ASSERT_TRUE(b.ok()) << b.status();
  const auto a = MakeProber(kAddressA);
  ProbeSeal seal = ProbeSeal::Make(MeshA().keys).value();
  std::vector<std::uint64_t> numbers;
  for (std::uint32_t round = 1; round <= 3; ++round) {
    ProbeMesh mesh = MeshA();
    mesh.interval += milliseconds(round);
    ASSERT_EQ(a->Configure(mesh), absl::OkStatus());
    ASSERT_TRUE(Eventually([&] {
      SealedProbe bytes{};
      while (b->Receive(bytes)) numbers.push_back(seal.Open(bytes, Family::kIpv4).value().sequence);
      return numbers.size() >= 3 * round;
    }));
  }
  for (std::size_t i = 1; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], numbers[0] + i);
}

TEST_F(ProberTest, TheSocketIsKeptWhileThePortStays) {
  const auto a = MakeProber(kAddressA);
  ASSERT_EQ(a->Configure(MeshA()), absl::OkStatus());
  const std::string before = InodeOfSocketAt(port_);
  ProbeMesh mesh = MeshA();
  mesh.interval += milliseconds(1);
  ASSERT_EQ(a->Configure(mesh), absl::OkStatus());
  EXPECT_EQ(InodeOfSocketAt(port_), before);
  EXPECT_NE(before, "");
}

TEST_F(ProberTest, NothingIsSentOrCountedUntilTheClockIsMapped) {
  TestMapping unmapped(/*mapped=*/false);
  Prober a(clock_, unmapped.Get(), Prober::Options{.ipv4 = kAddressA});
  const auto b = MakeProber(kAddressB);
  ASSERT_EQ(a.Configure(MeshA()), absl::OkStatus());
  ASSERT_EQ(b->Configure(MeshB()), absl::OkStatus());
  // Asked more often than the pauses between looks at the clock: probes of b have arrived.
  ASSERT_TRUE(Eventually([&] { return b->status().sent >= 10 && unmapped.asked() >= 10; }));
  EXPECT_EQ(a.status().sent, 0u);
  EXPECT_EQ(a.status().received, 0u);
  EXPECT_EQ(a.status().foreign, 0u);
  EXPECT_TRUE(a.Drain().empty());

  unmapped.Map();
  EXPECT_TRUE(Eventually([&] { return a.status().sent > 0 && a.status().received > 0; }));
}

TEST_F(ProberTest, ProbesOfTheMeshCountAndOthersDoNot) {
  const auto a = MakeProber(kAddressA);
  ASSERT_EQ(a->Configure(MeshA()), absl::OkStatus());
  absl::StatusOr<ProbeSocket> b = ProbeSocket::Open(kAddressB, port_);
  ASSERT_TRUE(b.ok()) << b.status();
  ASSERT_TRUE(Eventually([&] { return a->status().sent > 0; }));
  const ProbePacket good = {.token = 77, .sender = kB, .receiver = kA, .sequence = 1, .sent_at = Now()};
  std::vector<ProbePacket> bad(6, good);
  bad[0].token = 78;
  bad[1].sender = 3;
  bad[2].sender = kA;
  bad[3].receiver = 3;
  bad[4].sent_at = ControllerTime(Duration::min());
  bad[5].sent_at = Now() + std::chrono::minutes(2);
  for (const ProbePacket& packet : bad) ASSERT_EQ(b->Send(kAddressA, Sealed(packet)), 0);
  const std::array<std::uint8_t, 1400> noise{};
  for (const std::size_t length : {0, 1, 47, 49, 1400}) {
    ASSERT_EQ(b->Send(kAddressA, std::span(noise).first(length)), 0);
  }
  // A probe with something behind it is no probe.
  std::array<std::uint8_t, kSealedProbeSize + 1> longer{};
  std::ranges::copy(Sealed(good), longer.begin());
  ASSERT_EQ(b->Send(kAddressA, longer), 0);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(b->Send(kAddressA, Sealed(good)), 0);

  ASSERT_TRUE(Eventually([&] { return a->status().duplicates == 2; }));
  EXPECT_EQ(a->status().received, 1u);
  EXPECT_EQ(a->status().foreign, 12u);
  Totals totals;
  AddTo(totals, a->Drain());
  EXPECT_EQ(totals.at({NodeName("b"), Family::kIpv4}).received, 1u);
}

// Probes of b, whom `a` sends nothing, made by hand.
class ForgedProbeTest : public ProberTest {
 protected:
  void SetUp() override { Start(); }
  // As an agent does that starts, or starts again.
  void Start() {
    a_.reset();
    a_ = MakeProber(kAddressA);
    ASSERT_EQ(a_->Configure(Mesh()), absl::OkStatus());
    // It knows the time.
    ASSERT_TRUE(Eventually([this] { return a_->status().sent > 0; }));
  }
  ProbeMesh Mesh() const {
    ProbeMesh mesh = MeshA();
    mesh.peers[0].ipv4 = Address("127.0.0.3");
    return mesh;
  }
  ProbePacket Next() { return {.token = 77, .sender = kB, .receiver = kA, .sequence = ++sequence_, .sent_at = Now()}; }
  void Send(std::span<const std::uint8_t> bytes) { ASSERT_EQ(b_->Send(kAddressA, bytes), 0); }
  // Waits until `a` has looked at so many.
  void AwaitSeen(std::uint64_t count) {
    ASSERT_TRUE(Eventually([&] {
      const ProberStatus status = a_->status();
      return status.received + status.duplicates + status.foreign == count;
    }));
  }

  std::uint64_t sequence_ = 0;
  std::unique_ptr<Prober> a_;
  absl::StatusOr<ProbeSocket> b_ = ProbeSocket::Open(kAddressB, port_);
};

TEST_F(ForgedProbeTest, WhatIsNotSealedWithTheMeshesKeyCountsNowhereAndIsNotAnswered) {
  const RunId run("split-1");
  const ProbeBurst burst = {.number = 1,
                            .start = Now(),
                            .length = kLongestBurst,
                            .interval = milliseconds(5),
                            .from = {{NodeName("b"), Family::kIpv4}}};
  ASSERT_EQ(a_->SetBursts(run, {burst}), absl::OkStatus());
  // However long it takes to send them.
  const auto in_time = [&] {
    ProbePacket probe = Next();
    probe.sent_at = burst.start;
    return probe;
  };
  Send(Sealed(in_time(), KeyOf('z')));
  Send(Sealed(in_time(), KeyOf('a'), Family::kIpv6));
  Send(EncodeProbePacket(in_time()));
  for (std::size_t byte = 0; byte < kSealedProbeSize; ++byte) {
    SealedProbe bytes = Sealed(in_time());
    bytes[byte] ^= 1;
    Send(bytes);
  }
  AwaitSeen(kSealedProbeSize + 3);
  EXPECT_EQ(a_->status().foreign, kSealedProbeSize + 3);
  EXPECT_THAT(a_->DrainBursts(), ::testing::IsEmpty());

  Send(Sealed(in_time()));
  AwaitSeen(kSealedProbeSize + 4);
  EXPECT_EQ(a_->status().received, 1u);
  EXPECT_EQ(a_->DrainBursts().size(), 1u);
  SealedProbe answer;
  EXPECT_EQ(b_->Receive(answer), std::nullopt);
}

TEST_F(ForgedProbeTest, WhatIsSentAgainCountsOnceWhateverTheMeshHasBecome) {
  const SealedProbe probe = Sealed(Next());
  Send(probe);
  Send(probe);
  AwaitSeen(2);
  ProbeMesh mesh = Mesh();
  mesh.keys = {KeyOf('b'), KeyOf('a')};
  ASSERT_EQ(a_->Configure(mesh), absl::OkStatus());
  Send(probe);
  AwaitSeen(3);
  EXPECT_EQ(a_->status().received, 1u);
  EXPECT_EQ(a_->status().duplicates, 2u);

  // Both keys are good, until the first one is gone.
  Send(Sealed(Next(), KeyOf('a')));
  Send(Sealed(Next(), KeyOf('b')));
  AwaitSeen(5);
  EXPECT_EQ(a_->status().received, 3u);
  mesh.keys = {KeyOf('b')};
  ASSERT_EQ(a_->Configure(mesh), absl::OkStatus());
  Send(probe);
  Send(Sealed(Next(), KeyOf('a')));
  AwaitSeen(7);
  EXPECT_EQ(a_->status().foreign, 2u);
}

TEST_F(ForgedProbeTest, WhatAnEarlierProcessMayHaveCountedDoesNotCount) {
  const SealedProbe probe = Sealed(Next());
  Send(probe);
  AwaitSeen(1);
  EXPECT_EQ(a_->status().received, 1u);
  Start();
  Send(probe);
  Send(Sealed(Next()));
  AwaitSeen(2);
  EXPECT_EQ(a_->status().foreign, 1u);
  EXPECT_EQ(a_->status().received, 1u);
}

TEST_F(ForgedProbeTest, WhatIsTooFarBehindToBeToldFromASecondOneDoesNotCount) {
  const SealedProbe early = Sealed(Next());
  sequence_ += SequenceWindow::kWidth;
  Send(Sealed(Next()));
  Send(early);
  AwaitSeen(2);
  EXPECT_EQ(a_->status().received, 1u);
  EXPECT_EQ(a_->status().duplicates, 1u);
}

TEST_F(ProberTest, AProbeTheKernelRefusesIsNoLostProbe) {
  const auto a = MakeProber(kAddressA);
  ProbeMesh mesh = MeshA();
  mesh.peers.push_back({.name = NodeName("broadcast"), .id = 9, .ipv4 = Address("255.255.255.255")});
  ASSERT_EQ(a->Configure(mesh), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return a->status().send_errors >= 2 && a->status().sent >= 2; }));
  EXPECT_THAT(a->status().last_send_error, HasSubstr("to broadcast: Permission denied"));
  Totals totals;
  AddTo(totals, a->Drain());
  EXPECT_FALSE(totals.contains({NodeName("broadcast"), Family::kIpv4}));
  EXPECT_TRUE(totals.contains({NodeName("b"), Family::kIpv4}));
}

TEST_F(ProberTest, ATakenPortIsNamedWithItsMend) {
  const absl::StatusOr<ProbeSocket> other = ProbeSocket::Open(kAddressA, port_);
  ASSERT_TRUE(other.ok());
  const auto a = MakeProber(kAddressA);
  const absl::Status status = a->Configure(MeshA());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("UDP port ", port_, " at 127.0.0.1")));
  EXPECT_THAT(std::string(status.message()), HasSubstr("another probe port"));
}

TEST_F(ProberTest, TheSameMeshIsTriedAgainAfterATakenPort) {
  const auto a = MakeProber(kAddressA);
  {
    const absl::StatusOr<ProbeSocket> other = ProbeSocket::Open(kAddressA, port_);
    ASSERT_TRUE(other.ok());
    ASSERT_FALSE(a->Configure(MeshA()).ok());
  }
  ASSERT_EQ(a->Configure(MeshA()), absl::OkStatus());
  EXPECT_TRUE(Eventually([&] { return a->status().sent > 0; }));
}

TEST_F(ProberTest, AMeshThatBreaksARuleLeavesTheOneBefore) {
  const auto a = MakeProber(kAddressA);
  ASSERT_EQ(a->Configure(MeshA()), absl::OkStatus());
  ProbeMesh fast = MeshA();
  for (std::uint32_t i = 10; i < 30; ++i) {
    fast.peers.push_back({.name = NodeName(absl::StrCat("n", i)), .id = i, .ipv4 = kAddressB});
  }
  EXPECT_EQ(a->Configure(fast).code(), absl::StatusCode::kInvalidArgument);
  const std::uint64_t before = a->status().sent;
  EXPECT_TRUE(Eventually([&] { return a->status().sent > before; }));
}

TEST_F(ProberTest, AnotherPortIsMovedTo) {
  const auto a = MakeProber(kAddressA);
  ASSERT_EQ(a->Configure(MeshA()), absl::OkStatus());
  ProbeMesh moved = MeshA();
  moved.port = static_cast<std::uint16_t>(port_ + 1);
  ASSERT_EQ(a->Configure(moved), absl::OkStatus());
  EXPECT_TRUE(ProbeSocket::Open(kAddressA, port_).ok());
  EXPECT_FALSE(ProbeSocket::Open(kAddressA, moved.port).ok());
}

TEST_F(ProberTest, EndsAtOnceWhateverItWaitsFor) {
  auto a = MakeProber(kAddressA);
  ProbeMesh slow = MeshA();
  slow.interval = seconds(60);
  ASSERT_EQ(a->Configure(slow), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return a->status().sent == 1; }));
  // The bound is far below the time the thread would sleep by itself, and far above what ending takes.
  const auto ended = std::async(std::launch::async, [&a] { a.reset(); });
  EXPECT_EQ(ended.wait_for(seconds(15)), std::future_status::ready);
}

TEST_F(ProberTest, CallsFromSeveralThreads) {
  const auto a = MakeProber(kAddressA);
  const auto b = MakeProber(kAddressB);
  ASSERT_EQ(b->Configure(MeshB()), absl::OkStatus());
  std::atomic<bool> done = false;
  std::thread drainer([&] {
    while (!done) {
      a->Drain();
      a->status();
    }
  });
  std::vector<std::thread> configurers;
  for (std::uint32_t i = 0; i < 2; ++i) {
    configurers.emplace_back([&, i] {
      for (std::uint32_t round = 0; round < 20; ++round) {
        ProbeMesh mesh = MeshA();
        mesh.interval += milliseconds(round + 20 * i);
        EXPECT_EQ(a->Configure(mesh), absl::OkStatus());
      }
    });
  }
  for (std::thread& thread : configurers) thread.join();
  EXPECT_TRUE(Eventually([&] { return a->status().received > 0; }));
  done = true;
  drainer.join();
}

TEST_F(ProberTest, InABurstEveryPeerIsProbedFastAndWhatArrivesIsNoted) {
  const auto a = MakeProber(kAddressA);
  const auto b = MakeProber(kAddressB);
  // The mesh alone would wake the one that sends once a minute, and nobody probes it: the burst is told to one asleep.
  ProbeMesh slow = MeshA();
  slow.interval = std::chrono::minutes(1);
  ProbeMesh deaf = MeshB();
  deaf.peers[0].ipv4 = Address("127.0.0.3");
  ASSERT_EQ(a->Configure(slow), absl::OkStatus());
  ASSERT_EQ(b->Configure(deaf), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return b->status().sent >= 2; }));
  const std::uint64_t before = a->status().sent;
  const RunId run("split-1");
  ProbeBurst burst = {.number = 4, .start = Now(), .length = kLongestBurst, .interval = milliseconds(5)};
  ProbeBurst noted = burst;
  burst.to = {{NodeName("b"), Family::kIpv4}, {NodeName("nobody"), Family::kIpv4}};
  noted.from = {{NodeName("a"), Family::kIpv4}};
  ASSERT_EQ(b->SetBursts(run, {noted}), absl::OkStatus());
  ASSERT_EQ(a->SetBursts(run, {burst}), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return Now() >= burst.end(); }));
  const std::uint64_t sent = a->status().sent - before;
  ASSERT_TRUE(Eventually([&] { return b->status().received >= sent; }));

  // No more than asked for; on a busy machine fewer.
  EXPECT_LE(sent, 402u);
  EXPECT_GE(sent, 4u);
  // The last one may be on its way at the burst's end.
  std::string left;
  std::string arrived;
  EXPECT_TRUE(Eventually([&] {
    for (const BurstMarks& marks : a->DrainBursts()) {
      EXPECT_EQ(std::pair(marks.burst, marks.end.peer), std::pair(4u, NodeName("b")));
      AddMarks(left, marks.sent);
    }
    for (const BurstMarks& marks : b->DrainBursts()) {
      EXPECT_EQ(marks.end.peer, NodeName("a"));
      AddMarks(arrived, marks.received);
    }
    return left == arrived;
  }));
  EXPECT_NE(left.find_first_not_of('\0'), std::string::npos);
  Totals totals;
  AddTo(totals, b->Drain());
  EXPECT_GE(totals.at({NodeName("a"), Family::kIpv4}).received, sent);
}

TEST_F(ProberTest, ABurstThatIsTooFastIsRefused) {
  const auto a = MakeProber(kAddressA);
  const ProbeBurst burst = {
      .start = Now(), .length = seconds(1), .interval = Duration(1), .to = {{NodeName("b"), Family::kIpv4}}};
  EXPECT_EQ(a->SetBursts(RunId("split-1"), {burst}).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace faultline
