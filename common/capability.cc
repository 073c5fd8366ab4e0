#include "common/capability.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace faultline {
namespace {

// The package that has modules beyond a distribution's smallest kernel.
std::string InstallModules(absl::string_view module, const Platform& platform) {
  const std::string family = absl::StrCat(" ", platform.id, " ", platform.like, " ");
  const auto is = [&family](absl::string_view id) { return absl::StrContains(family, absl::StrCat(" ", id, " ")); };
  std::string package;
  if (platform.id == "amzn") {
    package = "dnf install kernel-modules-extra";
  } else if (is("ubuntu")) {
    package = absl::StrCat("apt install linux-modules-extra-", platform.kernel_release);
  } else if (is("debian")) {
    // Its kernels have the architecture in their names.
    const absl::string_view architecture = absl::StrContains(platform.kernel_release, "-arm64") ? "arm64" : "amd64";
    package = absl::StrCat("apt install linux-image-", architecture, " (or -cloud-", architecture, ") and reboot");
  } else if (is("rhel") || is("fedora") || is("centos")) {
    package = absl::StrCat("dnf install kernel-modules-extra-", platform.kernel_release);
  } else if (is("suse")) {
    package = "zypper install kernel-default";
  }
  if (package.empty()) return absl::StrCat("install your distribution's package with the kernel module ", module);
  return absl::StrCat("the module ", module, " comes with: ", package, "; then modprobe ", module,
                      " and restart the agent");
}

std::string Unquote(absl::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
    text = text.substr(1, text.size() - 2);
  }
  return std::string(text);
}

}  // namespace

CapabilitySet::CapabilitySet(std::initializer_list<Capability> capabilities) {
  for (const Capability capability : capabilities) Set(capability);
}

CapabilitySet CapabilitySet::All() {
  CapabilitySet all;
  for (int i = 0; i < kCapabilityCount; ++i) all.Set(static_cast<Capability>(i));
  return all;
}

void CapabilitySet::Set(Capability capability, bool has) {
  bits_ = has ? bits_ | Bit(capability) : bits_ & ~Bit(capability);
}

std::vector<Capability> CapabilitySet::ToVector() const {
  std::vector<Capability> capabilities;
  for (int i = 0; i < kCapabilityCount; ++i) {
    if (Has(static_cast<Capability>(i))) capabilities.push_back(static_cast<Capability>(i));
  }
  return capabilities;
}

absl::string_view NameOf(Capability capability) {
  switch (capability) {
    case Capability::kIngressHook:
      return "nftables netdev ingress hook";
    case Capability::kEgressHook:
      return "nftables netdev egress hook";
    case Capability::kTableOwner:
      return "nftables table owner flag";
    case Capability::kBlackholeLane:
      return "ifb device with a blackhole qdisc";
    case Capability::kReject:
      return "nftables reject on input";
    case Capability::kRejectOutgoing:
      return "nftables reject on output";
    case Capability::kConnectionState:
      return "connection tracking in nftables";
    case Capability::kRateLane:
      return "ifb device with a tbf qdisc";
    case Capability::kRandomRule:
      return "nftables random numbers";
    case Capability::kNetem:
      return "netem qdisc";
    case Capability::kNetemSeed:
      return "netem qdisc with a seed";
    case Capability::kEgressClsact:
      return "clsact egress in place of the hook";
  }
  return "?";
}

std::string HowToGet(Capability capability, const Platform& platform) {
  switch (capability) {
    case Capability::kIngressHook:
      return "load the module nf_tables, or use a kernel built with CONFIG_NETFILTER_INGRESS";
    case Capability::kEgressHook:
      return "use Linux 5.16 or later, or run agents on the receivers";
    case Capability::kTableOwner:
      return "use Linux 5.12 or later";
    case Capability::kBlackholeLane:
      return InstallModules("ifb", platform);
    case Capability::kReject:
      return "use Linux 5.9 or later, or 'action: drop'";
    case Capability::kRejectOutgoing:
      return InstallModules("nft_reject_inet", platform);
    case Capability::kConnectionState:
      return InstallModules("nft_ct", platform);
    case Capability::kRateLane:
      return InstallModules("sch_tbf", platform);
    case Capability::kRandomRule:
      return InstallModules("nft_numgen", platform);
    case Capability::kNetem:
      return InstallModules("sch_netem", platform);
    case Capability::kNetemSeed:
      return "use Linux 6.6 or later";
    case Capability::kEgressClsact:
      return InstallModules("em_meta", platform);
  }
  return "?";
}

Platform ParseOsRelease(absl::string_view text, absl::string_view kernel_release) {
  Platform platform;
  platform.kernel_release = std::string(kernel_release);
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, "ID=")) {
      platform.id = Unquote(line);
    } else if (absl::ConsumePrefix(&line, "ID_LIKE=")) {
      platform.like = Unquote(line);
    }
  }
  return platform;
}

}  // namespace faultline
