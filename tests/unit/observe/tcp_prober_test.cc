// Real sockets on the loopback interface.

#include "agent/observe/tcp_prober.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "agent/observe/socket_address.h"
#include "agent/observe/tcp_sockets.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/observe/prober_harness.h"
#include "tests/unit/observe/tcp_samples.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const IpAddress kHere = Address("127.0.0.1");
const IpAddress kThere = Address("127.0.0.2");

// Somebody's service.
class Listener {
 public:
  Listener(const IpAddress& address, std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    const SocketAddress at(address, port);
    listening_ = bind(fd_.get(), at.get(), at.size()) == 0 && listen(fd_.get(), 16) == 0;
  }
  bool listening() const { return listening_; }
  std::uint16_t port() const {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    EXPECT_EQ(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    return ntohs(at.sin_port);
  }
  // Takes one connection and resets it.
  void AcceptAndReset() {
    const UniqueFd connection(accept(fd_.get(), nullptr, nullptr));
    ASSERT_TRUE(connection);
    ResetWhenClosed(connection.get());
  }
  // How many connections were made to it.
  int Accept() {
    int count = 0;
    while (UniqueFd connection{accept(fd_.get(), nullptr, nullptr)}) ++count;
    return count;
  }

 private:
  UniqueFd fd_;
  bool listening_ = false;
};

// The error with which a connection to this port ends; 0: in turn.
int HowItCloses(const IpAddress& address, std::uint16_t port) {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM, 0));
  const SocketAddress at(address, port);
  EXPECT_EQ(connect(fd.get(), at.get(), at.size()), 0);
  char byte = 0;
  return recv(fd.get(), &byte, 1, 0) == 0 ? 0 : errno;
}

class TcpProberTest : public ::testing::Test {
 protected:
  TcpMesh MeshTo(std::uint16_t port) const {
    return {.own_ipv4 = kHere,
            .interval = milliseconds(40),
            .timeout = milliseconds(900),
            .window = milliseconds(100),
            .lasts = std::chrono::minutes(10),
            .targets = {{.peer = NodeName("b"), .address = kThere, .port = port}}};
  }
  TcpMesh DialledAt(std::uint16_t port) const {
    return {.own_ipv4 = kThere,
            .interval = milliseconds(40),
            .timeout = milliseconds(900),
            .window = milliseconds(100),
            .lasts = std::chrono::minutes(10),
            .dialled_ports = {port}};
  }
  // Adds what the prober has counted; whether `count` of it is at least `least`.
  bool Has(TcpProber& prober, std::uint32_t TcpCount::*count, std::uint32_t least) {
    for (const TcpCount& added : prober.Drain()) {
      sum_.connected += added.connected;
      sum_.refused += added.refused;
      sum_.failed += added.failed;
      sum_.timed_out += added.timed_out;
    }
    return sum_.*count >= least;
  }
  // A port on which nobody listens there, for now.
  static std::uint16_t UnusedPort() { return Listener(kThere, 0).port(); }

  SystemClock clock_;
  TestMapping mapping_;
  TcpCount sum_;
};

TEST_F(TcpProberTest, ConnectsWhereSomebodyListensAndKeepsNothingOpen) {
  Listener service(kThere, 0);
  TcpProber prober(clock_, mapping_.Get(), /*listen=*/false);
  ASSERT_EQ(prober.Configure(MeshTo(service.port())), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return Has(prober, &TcpCount::connected, 5); }));
  EXPECT_EQ(sum_.refused + sum_.timed_out + sum_.failed, 0u);
  EXPECT_GE(service.Accept(), 5);
}

TEST_F(TcpProberTest, AConnectionThatTheServiceHasResetSinceWasOpen) {
  Listener service(kThere, 0);
  KernelTcpSockets sockets;
  const auto begun = sockets.Begin(kHere, kThere, service.port());
  ASSERT_TRUE(std::holds_alternative<UniqueFd>(begun));
  service.AcceptAndReset();
  EXPECT_EQ(sockets.Ended(std::get<UniqueFd>(begun)), TcpOutcome::kConnected);
}

TEST_F(TcpProberTest, IsRefusedWhereNobodyListens) {
  TcpProber prober(clock_, mapping_.Get(), /*listen=*/false);
  ASSERT_EQ(prober.Configure(MeshTo(UnusedPort())), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return Has(prober, &TcpCount::refused, 3); }));
  EXPECT_EQ(sum_.connected + sum_.failed, 0u);
}

TEST_F(TcpProberTest, AnAddressThatIsNotItsOwnIsNoAttempt) {
  TcpProber prober(clock_, mapping_.Get(), /*listen=*/false);
  TcpMesh mesh = MeshTo(UnusedPort());
  mesh.own_ipv4 = Address("192.0.2.1");
  ASSERT_EQ(prober.Configure(mesh), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return Has(prober, &TcpCount::failed, 2); }));
  EXPECT_EQ(sum_.refused + sum_.timed_out, 0u);
}

TEST_F(TcpProberTest, AnEmptyMeshEndsIt) {
  Listener service(kThere, 0);
  TcpProber prober(clock_, mapping_.Get(), /*listen=*/false);
  ASSERT_EQ(prober.Configure(MeshTo(service.port())), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return Has(prober, &TcpCount::connected, 1); }));
  ASSERT_EQ(prober.Configure({}), absl::OkStatus());
  prober.Drain();
  service.Accept();
  const int asked = mapping_.asked();
  // Another does as much meanwhile.
  TestMapping other_mapping;
  TcpProber other(clock_, other_mapping.Get(), /*listen=*/false);
  ASSERT_EQ(other.Configure(MeshTo(UnusedPort())), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return Has(other, &TcpCount::refused, 5); }));
  EXPECT_EQ(mapping_.asked(), asked);
  EXPECT_EQ(service.Accept(), 0);
  EXPECT_THAT(prober.Drain(), ::testing::IsEmpty());
}

TEST_F(TcpProberTest, ItEndsByItselfWhenItHasLastedForItsTime) {
  const std::uint16_t port = UnusedPort();
  FakeClock clock;
  TcpProber dialled(clock, mapping_.Get(), /*listen=*/true);
  TcpMesh mesh = DialledAt(port);
  mesh.lasts = seconds(5);
  ASSERT_EQ(dialled.Configure(mesh), absl::OkStatus());
  clock.Advance(seconds(4));
  // The same again counts from now.
  ASSERT_EQ(dialled.Configure(mesh), absl::OkStatus());
  clock.Advance(seconds(4));
  TcpProber prober(clock_, mapping_.Get(), /*listen=*/false);
  ASSERT_EQ(prober.Configure(MeshTo(port)), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return Has(prober, &TcpCount::connected, 3); }));
  clock.Advance(seconds(1));
  sum_ = {};
  EXPECT_TRUE(Eventually([&] { return Has(prober, &TcpCount::refused, 3); }));
  // It begins anew when it is told to. Nobody else may try the port: then it would be left to him.
  ASSERT_EQ(dialled.Configure(mesh), absl::OkStatus());
  sum_ = {};
  EXPECT_TRUE(Eventually([&] { return Has(prober, &TcpCount::connected, 3); }));
}

TEST_F(TcpProberTest, ListensWhereNobodyDoesForAsLongAsItIsDialled) {
  const std::uint16_t port = UnusedPort();
  TcpProber dialled(clock_, mapping_.Get(), /*listen=*/true);
  ASSERT_EQ(dialled.Configure(DialledAt(port)), absl::OkStatus());
  TcpProber prober(clock_, mapping_.Get(), /*listen=*/false);
  ASSERT_EQ(prober.Configure(MeshTo(port)), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return Has(prober, &TcpCount::connected, 3); }));
  EXPECT_EQ(HowItCloses(kThere, port), ECONNRESET);
  ASSERT_EQ(dialled.Configure({}), absl::OkStatus());
  sum_ = {};
  ASSERT_TRUE(Eventually([&] { return Has(prober, &TcpCount::refused, 3); }));
  // Nothing of it keeps a service from the port.
  EXPECT_TRUE(Listener(kThere, port).listening());
}

TEST_F(TcpProberTest, ListensOnlyWhenTheOwnerWantsIt) {
  const std::uint16_t port = UnusedPort();
  TcpProber dialled(clock_, mapping_.Get(), /*listen=*/false);
  TcpMesh mesh = DialledAt(port);
  mesh.targets = {{.peer = NodeName("b"), .address = kThere, .port = port}};
  ASSERT_EQ(dialled.Configure(mesh), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return Has(dialled, &TcpCount::refused, 3); }));
  EXPECT_EQ(sum_.connected, 0u);
}

TEST_F(TcpProberTest, LeavesAPortAloneOnWhichSomebodyListens) {
  Listener service(Address("0.0.0.0"), 0);
  TcpProber dialled(clock_, mapping_.Get(), /*listen=*/true);
  ASSERT_EQ(dialled.Configure(DialledAt(service.port())), absl::OkStatus());
  TcpProber prober(clock_, mapping_.Get(), /*listen=*/false);
  ASSERT_EQ(prober.Configure(MeshTo(service.port())), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return Has(prober, &TcpCount::connected, 3); }));
  EXPECT_GE(service.Accept(), 3);
}

TEST_F(TcpProberTest, AnotherMeshTakesThePlaceOfTheOneBefore) {
  Listener first(kThere, 0);
  Listener second(kThere, 0);
  TcpProber prober(clock_, mapping_.Get(), /*listen=*/false);
  ASSERT_EQ(prober.Configure(MeshTo(first.port())), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return first.Accept() > 0; }));
  ASSERT_EQ(prober.Configure(MeshTo(second.port())), absl::OkStatus());
  first.Accept();
  ASSERT_TRUE(Eventually([&] { return second.Accept() > 0; }));
  EXPECT_EQ(first.Accept(), 0);
}

TEST_F(TcpProberTest, AMeshThatIsWrongChangesNothing) {
  Listener service(kThere, 0);
  TcpProber prober(clock_, mapping_.Get(), /*listen=*/false);
  ASSERT_EQ(prober.Configure(MeshTo(service.port())), absl::OkStatus());
  TcpMesh wrong = MeshTo(service.port());
  wrong.timeout = seconds(2);
  EXPECT_EQ(prober.Configure(wrong).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Eventually([&] { return Has(prober, &TcpCount::connected, 3); }));
}

}  // namespace
}  // namespace faultline
