#include "tests/lab/kernel/linux_kernel_fixture.h"

#include <sys/utsname.h>

#include "absl/strings/str_cat.h"
#include "agent/kernel/probe.h"
#include "common/status.h"

namespace faultline::testing {
namespace {

bool AllOrNone(const Delivery& delivery, int count) {
  EXPECT_EQ(delivery.error, 0) << "the sender was told";
  EXPECT_TRUE(delivery.arrived == 0 || delivery.arrived == count) << delivery.arrived << " of " << count;
  return delivery.arrived == count;
}

}  // namespace

void LinuxKernelTest::SetUp() {
  NetnsTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  Open(LinuxKernel::Options());
}

void LinuxKernelTest::TearDown() {
  if (!IsSkipped()) {
    const InNetns inside(node());
    kernel_.reset();
  }
  NetnsTest::TearDown();
}

void LinuxKernelTest::Open(const LinuxKernel::Options& options) {
  const InNetns inside(node());
  kernel_.reset();
  auto kernel = LinuxKernel::Open(options);
  ASSERT_TRUE(kernel.ok()) << kernel.status();
  kernel_ = *std::move(kernel);
}

std::string LinuxKernelTest::WhyNo(std::initializer_list<Capability> capabilities) {
  // Of one that uses all that there is; once, for it does not change.
  static const absl::StatusOr<CapabilitySet> has = [this]() -> absl::StatusOr<CapabilitySet> {
    const InNetns inside(node());
    FAULTLINE_ASSIGN_OR_RETURN(const auto kernel, LinuxKernel::Open());
    return kernel->Probe();
  }();
  if (!has.ok()) return std::string(has.status().message());
  for (const Capability capability : capabilities) {
    if (has->Has(capability == Capability::kEgressHook ? SenderHook(*has) : capability)) continue;
    utsname system{};
    uname(&system);
    return absl::StrCat("this kernel has no ", NameOf(capability), ": ", system.release);
  }
  return "";
}

absl::Status LinuxKernelTest::OpenGate(const std::string& run, StepIndex step, Duration timeout) {
  const GateOpening open[] = {{step, timeout}};
  return kernel_->Switch(RunId(run), {}, open);
}

absl::Status LinuxKernelTest::CloseGate(const std::string& run, StepIndex step) {
  const StepIndex close[] = {step};
  return kernel_->Switch(RunId(run), close, {});
}

bool LinuxKernelTest::PeerReachesNode(Family family, std::uint16_t port) {
  const bool v4 = family == Family::kIpv4;
  return AllOrNone(SendAndCount(peer(), v4 ? kPeer4 : kPeer6, node(), v4 ? kNode4 : kNode6, port, 10), 10);
}

bool LinuxKernelTest::NodeReachesPeer(Family family, std::uint16_t port) {
  const bool v4 = family == Family::kIpv4;
  return AllOrNone(SendAndCount(node(), v4 ? kNode4 : kNode6, peer(), v4 ? kPeer4 : kPeer6, port, 10), 10);
}

std::string LinuxKernelTest::Reachable() {
  std::string ways;
  if (PeerReachesNode(Family::kIpv4)) absl::StrAppend(&ways, " in4");
  if (PeerReachesNode(Family::kIpv6)) absl::StrAppend(&ways, " in6");
  if (NodeReachesPeer(Family::kIpv4)) absl::StrAppend(&ways, " out4");
  if (NodeReachesPeer(Family::kIpv6)) absl::StrAppend(&ways, " out6");
  return ways.empty() ? "" : ways.substr(1);
}

PrefixSet Prefixes(std::initializer_list<const char*> texts) {
  std::vector<Prefix> prefixes;
  for (const char* text : texts) {
    const auto prefix = Prefix::Parse(text);
    EXPECT_TRUE(prefix.ok()) << prefix.status();
    if (prefix.ok()) prefixes.push_back(*prefix);
  }
  return PrefixSet(std::move(prefixes));
}

bool EgressByClsact() {
  static const bool by_clsact = [] {
    const auto has = ProbeApart();
    return has.ok() && SenderHook(*has) == Capability::kEgressClsact;
  }();
  return by_clsact;
}

Program ParisIngressProgram(const std::string& run) {
  Program program{.run = RunId(run), .devices = {"eth0"}};
  program.protect.ports = {kFencePort};
  program.egress_by_clsact = EgressByClsact();
  program.prefix_sets = {Prefixes({"172.33.0.0/16", "fd21::/48"})};
  program.steps = {{.index = 0, .incoming = {{.sources = 0}}}};
  return program;
}

Program ParisProgram(const std::string& run) {
  Program program = ParisIngressProgram(run);
  program.steps.push_back({.index = 1, .outgoing = {{.destinations = 0}}});
  return program;
}

}  // namespace faultline::testing
