#include "controller/preview/spared.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/program/always_protected.h"
#include "common/program/nft_variants.h"

namespace faultline {
namespace {

bool Within(std::span<const PortRange> ranges, std::uint16_t port) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [port](const PortRange& range) { return range.first <= port && port <= range.last; });
}

// Whether packets of such a protocol with this port on one end, and an ephemeral one on the other, are among a
// filter's.
bool Admits(const PacketFilter& filter, Protocol protocol, std::uint16_t port) {
  if (filter.protocol != Protocol::kAny && filter.protocol != protocol) return false;
  if (Within(filter.except_ports, port)) return false;
  if (!filter.either_ports.empty()) return Within(filter.either_ports, port);
  // An ephemeral port on the other end is not worth a word, even if the filter happens to name it.
  if (filter.destination_ports.empty() && filter.source_ports.empty()) return true;
  return Within(filter.destination_ports, port) || Within(filter.source_ports, port);
}

// What one rule may touch.
struct Touched {
  bool ipv6 = false;
  bool link_local = false;
};

bool MayBe(const std::optional<SetIndex>& set, const Timeline& timeline, const PrefixSet& what) {
  return !set || timeline.prefix_sets[*set].Overlaps(what);
}

bool MayBeIpv6(const std::optional<SetIndex>& set, const Timeline& timeline) {
  return !set || timeline.prefix_sets[*set].HasFamily(Family::kIpv6);
}

// The remote end of a rule is the one that its node is not.
Touched TouchedBy(const Rule& rule, const Timeline& timeline) {
  const auto& remote = rule.side == Side::kReceiver ? rule.match.sources : rule.match.destinations;
  return {.ipv6 = MayBeIpv6(rule.match.sources, timeline) && MayBeIpv6(rule.match.destinations, timeline),
          .link_local = MayBe(remote, timeline, LinkLocalServices())};
}

std::vector<std::string> KindsOf(const PacketFilter& filter, const Touched& touched) {
  std::vector<std::string> kinds;
  const auto admitted = [&filter](Protocol protocol, std::span<const std::uint16_t> ports) {
    return std::any_of(ports.begin(), ports.end(), [&](std::uint16_t port) { return Admits(filter, protocol, port); });
  };
  if (admitted(Protocol::kTcp, kProtectedTcpPorts)) {
    kinds.push_back(absl::StrCat("SSH (tcp/", absl::StrJoin(kProtectedTcpPorts, ", "), ")"));
  }
  if (admitted(Protocol::kUdp, kDhcpPorts)) {
    kinds.push_back(absl::StrCat("DHCP (udp/", absl::StrJoin(kDhcpPorts, ", "), ")"));
  }
  if (admitted(Protocol::kUdp, kTimePorts)) {
    kinds.push_back(absl::StrCat("time service (udp/", absl::StrJoin(kTimePorts, ", "), ")"));
  }
  const bool icmp = (filter.protocol == Protocol::kAny && !NamesPorts(filter)) || filter.protocol == Protocol::kIcmp;
  if (icmp && touched.ipv6) kinds.push_back("IPv6 neighbour discovery");
  if (touched.link_local) {
    kinds.push_back(absl::StrCat("link-local services (", LinkLocalServices().ToString(), ")"));
  }
  return kinds;
}

// A node's step, which nearly always stands at the place of its number; nullptr when it has none.
const Step* FindStep(const Timeline& timeline, StepIndex index) {
  const auto is = [index](const Step& step) { return step.index == index; };
  if (index < timeline.steps.size() && is(timeline.steps[index])) return &timeline.steps[index];
  const auto found = std::ranges::find_if(timeline.steps, is);
  return found == timeline.steps.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::string> SparedBy(StepIndex step, std::span<const Timeline> timelines) {
  const PacketFilter* filter = nullptr;
  Touched all;
  for (const Timeline& timeline : timelines) {
    const Step* found = FindStep(timeline, step);
    if (found == nullptr || found->rules.empty()) continue;
    filter = &found->filter;
    for (const Rule& rule : found->rules) {
      const Touched touched = TouchedBy(rule, timeline);
      all.ipv6 |= touched.ipv6;
      all.link_local |= touched.link_local;
    }
  }
  if (filter == nullptr) return {};
  return KindsOf(*filter, all);
}

}  // namespace faultline
