#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/unique_fd.h"
#include "tests/unit/observe/prober_harness.h"

namespace faultline {
namespace {

constexpr std::uint16_t kPort = 7401;

// As <linux/ipv6.h> has it, which cannot be included beside <netinet/in.h>.
struct Ipv6AddressRequest {
  in6_addr address;
  std::uint32_t prefix_length;
  int interface_index;
};

// A network namespace of the test's own, with nothing but a loopback that has fd00::1 and fd00::2 as well.
class ProberNamespaceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    before_ = UniqueFd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    ASSERT_TRUE(static_cast<bool>(before_));
    if (unshare(CLONE_NEWNET) != 0) {
      GTEST_SKIP() << "no network namespace can be made here (" << std::strerror(errno) << "): needs root";
    }
    inside_ = true;
    SetLoopbackUp();
    if (!HasFatalFailure()) AddAddress("fd00::1");
    if (!HasFatalFailure()) AddAddress("fd00::2");
  }
  void TearDown() override {
    if (!inside_) return;
    EXPECT_EQ(setns(before_.get(), CLONE_NEWNET), 0);
  }

  std::unique_ptr<Prober> MakeProber(const IpAddress& ipv4, const IpAddress& ipv6) {
    return std::make_unique<Prober>(clock_, mapping_.Get(), Prober::Options{.ipv4 = ipv4, .ipv6 = ipv6});
  }

  SystemClock clock_;
  TestMapping mapping_;

 private:
  void SetLoopbackUp() {
    const UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    ASSERT_EQ(ioctl(fd.get(), SIOCSIFFLAGS, &request), 0) << std::strerror(errno);
  }
  void AddAddress(absl::string_view text) {
    const UniqueFd fd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd && errno == EAFNOSUPPORT) GTEST_SKIP() << "this kernel has no IPv6";
    Ipv6AddressRequest request{.prefix_length = 128, .interface_index = static_cast<int>(if_nametoindex("lo"))};
    std::ranges::copy(Address(text).bytes(), request.address.s6_addr);
    ASSERT_EQ(ioctl(fd.get(), SIOCSIFADDR, &request), 0) << std::strerror(errno);
    // The kernel lets a new address be used a moment later, on its own time.
    ASSERT_TRUE(Eventually([&] { return ProbeSocket::Open(Address(text), kPort).ok(); })) << text;
  }

  UniqueFd before_;
  bool inside_ = false;
};

const MeshPeer kNearPeer = {.name = NodeName("a"), .id = 1, .ipv4 = Address("127.0.0.1"), .ipv6 = Address("fd00::1")};
const MeshPeer kFarPeer = {.name = NodeName("b"), .id = 2, .ipv4 = Address("127.0.0.2"), .ipv6 = Address("fd00::2")};

TEST_F(ProberNamespaceTest, BothIpVersionsAreFactsOfTheirOwn) {
  const auto a = MakeProber(*kNearPeer.ipv4, *kNearPeer.ipv6);
  const auto b = MakeProber(*kFarPeer.ipv4, *kFarPeer.ipv6);
  ProbeMesh mesh_a = MeshOf(1, kPort, {kFarPeer});
  // a's IPv4 probes go where nobody is.
  mesh_a.peers[0].ipv4 = Address("127.0.0.3");
  ASSERT_EQ(a->Configure(mesh_a), absl::OkStatus());
  ASSERT_EQ(b->Configure(MeshOf(2, kPort, {kNearPeer})), absl::OkStatus());

  Totals at_a;
  Totals at_b;
  EXPECT_TRUE(Eventually([&] {
    AddTo(at_a, a->Drain());
    AddTo(at_b, b->Drain());
    return at_a[{NodeName("b"), Family::kIpv4}].received >= 3 && at_a[{NodeName("b"), Family::kIpv6}].received >= 3 &&
           at_b[{NodeName("a"), Family::kIpv6}].received >= 3 && at_a[{NodeName("b"), Family::kIpv4}].sent >= 3;
  }));
  EXPECT_EQ((at_b[{NodeName("a"), Family::kIpv4}].received), 0u);
}

TEST_F(ProberNamespaceTest, ByDefaultItListensAtEveryAddress) {
  Prober everywhere(clock_, mapping_.Get());
  ASSERT_EQ(everywhere.Configure(MeshOf(1, kPort, {kFarPeer})), absl::OkStatus());
  for (const char* address : {"127.0.0.1", "127.0.0.2", "fd00::1", "fd00::2"}) {
    EXPECT_FALSE(ProbeSocket::Open(Address(address), kPort).ok()) << address;
  }
}

TEST_F(ProberNamespaceTest, ANodeWithoutARouteIsAnErrorWithItsName) {
  Prober alone(clock_, mapping_.Get());
  ProbeMesh mesh = MeshOf(1, kPort, {kFarPeer});
  mesh.peers[0].ipv4.reset();
  mesh.peers[0].ipv6 = Address("fd99::1");
  ASSERT_EQ(alone.Configure(mesh), absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return alone.status().send_errors > 0; }));
  EXPECT_THAT(alone.status().last_send_error, ::testing::HasSubstr("to b: Network is unreachable"));
  EXPECT_TRUE(alone.Drain().empty());
}

}  // namespace
}  // namespace faultline
