#pragma once

#include <initializer_list>
#include <memory>
#include <string>

#include "agent/kernel/linux_kernel.h"
#include "tests/support/matchers.h"
#include "tests/support/netns.h"
#include "tests/support/udp.h"

namespace faultline::testing {

// Whether this kernel has no egress hook and acts on what goes out by clsact. The programs below say it.
bool EgressByClsact();

// A LinuxKernel in the node's namespace, and the programs that its tests install. In the end the kernel object is
// destroyed before the node's state is compared.
class LinuxKernelTest : public NetnsTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Opens kernel_ anew, after destroying the one there was.
  void Open(const LinuxKernel::Options& options);

  // Why this kernel cannot run a test of these, naming the first that it has not; empty when it can. clsact stands in
  // for the egress hook.
  std::string WhyNo(std::initializer_list<Capability> capabilities);
  std::string WhyNoEgress() { return WhyNo({Capability::kEgressHook, Capability::kBlackholeLane}); }
  // Of tests that look at the hook itself.
  std::string WhyNoHook() { return EgressByClsact() ? "this kernel has no netdev egress hook" : WhyNoEgress(); }
  std::string WhyNoOwner() { return WhyNo({Capability::kTableOwner}); }

  // Open gates long enough for any test.
  static constexpr Duration kLong = std::chrono::seconds(60);
  absl::Status OpenGate(const std::string& run, StepIndex step, Duration timeout = kLong);
  absl::Status CloseGate(const std::string& run, StepIndex step);

  // Whether datagrams go the way, all or none; anything between fails the test.
  bool PeerReachesNode(Family family, std::uint16_t port = 3000);
  bool NodeReachesPeer(Family family, std::uint16_t port = 3000);
  // "in4 in6 out4 out6", those that get through: of all four directions and families.
  std::string Reachable();

  std::unique_ptr<LinuxKernel> kernel_;
};

// A program for eth0 with step 0, "what Paris sends is dropped", and step 1, "what goes to Paris is swallowed", both
// for IPv4 and IPv6. The fence's port is protected.
Program ParisProgram(const std::string& run);
// The same with step 0 only.
Program ParisIngressProgram(const std::string& run);

PrefixSet Prefixes(std::initializer_list<const char*> texts);

// Skips a test, loudly, when `reason` is not empty.
#define FAULTLINE_SKIP_IF(reason)                          \
  do {                                                     \
    const std::string why_skipped = (reason);              \
    if (!why_skipped.empty()) GTEST_SKIP() << why_skipped; \
  } while (false)

}  // namespace faultline::testing
