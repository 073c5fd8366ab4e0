#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/doctor/network_facts.h"
#include "common/program/nft_place.h"

namespace faultline {
namespace {

using Chain = NetworkSurvey::Chain;
using Device = NetworkSurvey::Device;

// Tracked connections beyond this share of the table's size are soon dropped by the kernel.
constexpr double kFullShare = 0.8;

// The priority that a chain must be below to see packets before all of ours at its hook; absent where none of ours is.
std::optional<std::int32_t> OursAt(const Chain& chain) {
  if (chain.hook == "ingress" && (chain.family == "netdev" || chain.family == "inet")) {
    return InfoOf(Place::kBlockIn).priority;
  }
  if (chain.hook == "egress") return InfoOf(Place::kBlockOut).priority;
  return std::nullopt;
}

Finding JudgeChain(const Chain& chain) {
  return Warning("hooks",
                 absl::StrCat("chain ", chain.name, " of table ", chain.family, " ", chain.table, " (", chain.hook,
                              chain.devices.empty() ? "" : absl::StrCat(" of ", absl::StrJoin(chain.devices, ", ")),
                              ", priority ", chain.priority,
                              ") sees packets before faults do: what it drops or sends elsewhere, no fault acts on"),
                 absl::StrCat("nft list chain ", chain.family, " ", chain.table, " ", chain.name,
                              "; give it a priority of ", *OursAt(chain), " or more, or name another interface"));
}

Examination JudgeHooks(const NetworkSurvey& survey) {
  Examination findings;
  const auto is_usable = [&survey](const std::string& device) {
    return std::ranges::find(survey.usable, device, &Interface::name) != survey.usable.end();
  };
  for (const Chain& chain : survey.chains) {
    const auto ours = OursAt(chain);
    if (!ours || chain.ours || chain.priority >= *ours) continue;
    // One that names no device sees the packets of all.
    if (chain.devices.empty() || std::ranges::any_of(chain.devices, is_usable)) findings.push_back(JudgeChain(chain));
  }
  for (const Device& device : survey.devices) {
    if (device.ours || !is_usable(device.name)) continue;
    if (device.xdp) {
      findings.push_back(Warning("hooks",
                                 absl::StrCat(device.name,
                                              " has an XDP program, which sees packets before faults do: "
                                              "what it drops or sends elsewhere, no fault acts on"),
                                 absl::StrCat("ip link show dev ", device.name,
                                              "; when nobody needs it: ip link set dev ", device.name, " xdp off")));
    }
    if (device.filtered) {
      findings.push_back(Warning(
          "hooks",
          absl::StrCat(device.name,
                       " has tc filters at its ingress, which see packets before faults do: what they drop "
                       "or send elsewhere, no fault acts on"),
          absl::StrCat("tc filter show dev ", device.name, " ingress; name another interface if they redirect")));
    }
  }
  if (findings.empty()) findings.push_back(Good("hooks", "nothing sees packets before faults do"));
  return findings;
}

// Who is known by the names of his tables or chains.
std::set<std::string> KnownFirewalls(const NetworkSurvey& survey) {
  std::set<std::string> known;
  for (const Chain& chain : survey.chains) {
    if (chain.table == "firewalld") known.insert("firewalld");
    if (absl::StartsWith(chain.name, "ufw-") || absl::StartsWith(chain.name, "ufw6-")) known.insert("ufw");
    if (absl::StartsWith(chain.name, "DOCKER")) known.insert("Docker");
    if (absl::StartsWith(chain.name, "KUBE-")) known.insert("Kubernetes");
    if (absl::StartsWith(chain.name, "CILIUM_")) known.insert("Cilium");
  }
  return known;
}

Finding JudgeOthers(const NetworkFacts& facts) {
  std::set<std::string> tables;
  for (const Chain& chain : facts.survey->chains) {
    if (!chain.ours) tables.insert(absl::StrCat(chain.family, " ", chain.table));
  }
  const std::set<std::string> known = KnownFirewalls(*facts.survey);
  std::vector<std::string> words;
  if (!known.empty()) words.push_back(absl::StrJoin(known, ", "));
  if (!tables.empty()) words.push_back(absl::StrCat("nft tables ", absl::StrJoin(tables, ", ")));
  if (!facts.legacy_tables.empty()) {
    words.push_back(absl::StrCat("iptables-legacy tables ", absl::StrJoin(facts.legacy_tables, ", ")));
  }
  if (words.empty()) return Good("firewalls", "none");
  return Good("firewalls",
              absl::StrCat(absl::StrJoin(words, "; "),
                           ": faults act beside them; they must let the probes' port in (UDP 7401 unless the "
                           "controller says otherwise)"));
}

Examination JudgeConntrack(const NetworkFacts& facts) {
  if (!facts.sees_conntrack) return {};
  if (!facts.conntrack) return {Good("conntrack", "off: no rule here asks for it")};
  const Conntrack& table = *facts.conntrack;
  const std::string detail = absl::StrCat("on, ", table.count, " of ", table.max, " connections");
  if (static_cast<double>(table.count) < kFullShare * static_cast<double>(table.max)) {
    return {Good("conntrack", detail)};
  }
  return {Warning("conntrack", absl::StrCat(detail, ": a full table drops packets that no plan asked to drop"),
                  absl::StrCat("sysctl -w net.netfilter.nf_conntrack_max=", 2 * table.max))};
}

}  // namespace

Examination JudgeFirewalls(const NetworkFacts& facts) {
  Examination findings;
  // The interfaces' finding has the reason.
  if (facts.survey.ok()) {
    findings = JudgeHooks(*facts.survey);
    findings.push_back(JudgeOthers(facts));
  }
  const Examination conntrack = JudgeConntrack(facts);
  findings.insert(findings.end(), conntrack.begin(), conntrack.end());
  return findings;
}

}  // namespace faultline
