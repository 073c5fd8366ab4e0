#include "tests/lab/kernel/linux_kernel_fixture.h"

#include "absl/strings/str_cat.h"

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

std::string LinuxKernelTest::WhyNoEgress() {
  const auto capabilities = kernel_->Probe();
  if (!capabilities.ok()) return std::string(capabilities.status().message());
  if (!capabilities->netdev_egress) return "this kernel has no netdev egress hook: " + capabilities->release;
  return capabilities->blackhole_lane ? "" : "this kernel has no ifb with blackhole: " + capabilities->release;
}

std::string LinuxKernelTest::WhyNoOwner() {
  const auto capabilities = kernel_->Probe();
  if (!capabilities.ok()) return std::string(capabilities.status().message());
  return capabilities->table_owner ? "" : "this kernel has no table owner: " + capabilities->release;
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

Program ParisIngressProgram(const std::string& run) {
  Program program{.run = RunId(run), .devices = {"eth0"}};
  program.protect.ports = {kFencePort};
  program.prefix_sets = {Prefixes({"172.33.0.0/16", "fd21::/48"})};
  program.steps = {{.index = 0, .ingress_drop = {{.sources = 0}}}};
  return program;
}

Program ParisProgram(const std::string& run) {
  Program program = ParisIngressProgram(run);
  program.steps.push_back({.index = 1, .egress_blackhole = {{.destinations = 0}}});
  return program;
}

}  // namespace faultline::testing
