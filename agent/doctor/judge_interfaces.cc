#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/doctor/network_facts.h"

namespace faultline {
namespace {

using Device = NetworkSurvey::Device;

bool IsConfigured(const NetworkFacts& facts, const std::string& name) {
  return facts.configured.empty() || std::ranges::find(facts.configured, name) != facts.configured.end();
}

std::vector<Interface> UsedBy(const NetworkFacts& facts) {
  std::vector<Interface> used = facts.survey->usable;
  std::erase_if(used, [&facts](const Interface& interface) { return !IsConfigured(facts, interface.name); });
  return used;
}

std::string Describe(const Interface& interface) {
  return absl::StrCat(interface.name, " ",
                      absl::StrJoin(interface.addresses, " ", [](std::string* out, const Interface::Address& address) {
                        absl::StrAppend(out, address.address.ToString(), "/", address.prefix_length);
                      }));
}

Finding JudgeUsed(const NetworkFacts& facts, const std::vector<Interface>& used) {
  constexpr absl::string_view kSubject = "interfaces";
  std::vector<std::string> missing;
  for (const std::string& name : facts.configured) {
    const auto is = [&name](const Interface& interface) { return interface.name == name; };
    if (std::ranges::none_of(used, is)) missing.push_back(name);
  }
  if (used.empty()) {
    return Bad(kSubject, "no interface is up with a global address: no fault can act here",
               facts.configured.empty() ? "ip addr: give one an address, and set it up"
                                        : "name those that there are under 'interfaces' of the configuration");
  }
  const std::string seen = absl::StrJoin(
      used, "; ", [](std::string* out, const Interface& interface) { absl::StrAppend(out, Describe(interface)); });
  if (missing.empty()) return Good(kSubject, seen);
  return Warning(kSubject,
                 absl::StrCat("'interfaces' names ", absl::StrJoin(missing, ", "),
                              ", which is not here, or not up with a global address; ", seen),
                 "mend 'interfaces' of the configuration, or set that interface up");
}

// A qdisc that harms packets itself, whoever wants that, or is in the way of faults.
Examination JudgeQdiscs(const std::vector<const Device*>& devices, bool sender_by_clsact) {
  constexpr absl::string_view kSubject = "qdiscs";
  Examination findings;
  std::vector<std::string> plain;
  for (const Device* device : devices) {
    if (sender_by_clsact && device->detour_taken) {
      findings.push_back(Warning(
          kSubject,
          absl::StrCat(device->name,
                       " has a qdisc ingress, or at clsact a filter of preference 1, of another program's: faults at "
                       "the sender are refused there on this kernel"),
          absl::StrCat("tc qdisc show dev ", device->name, ", and tc filter show dev ", device->name,
                       " egress; have that program use clsact and preferences from 2 on, or use Linux 5.16 or later")));
    }
    const bool delays = std::ranges::find(device->qdiscs, "netem") != device->qdiscs.end();
    if (delays || device->root_qdisc == "tbf") {
      findings.push_back(Warning(kSubject,
                                 absl::StrCat(device->name, " has a ", delays ? "netem" : "tbf",
                                              " qdisc of another tool's: what it delays, loses or holds back adds to "
                                              "every fault"),
                                 absl::StrCat("tc qdisc show dev ", device->name,
                                              "; when nobody needs it: tc qdisc del dev ", device->name, " root")));
    } else {
      plain.push_back(absl::StrCat(device->name, " ", device->root_qdisc.empty() ? "none" : device->root_qdisc));
    }
  }
  if (!plain.empty()) {
    findings.insert(findings.begin(), Good(kSubject, absl::StrCat(absl::StrJoin(plain, ", "), ": left as they are")));
  }
  return findings;
}

Examination JudgeOffloads(const NetworkFacts& facts, const std::vector<Interface>& used) {
  constexpr absl::string_view kSubject = "offloads";
  Examination findings;
  std::vector<std::string> plain;
  for (const Interface& interface : used) {
    const auto found = facts.offloads.find(interface.name);
    if (found == facts.offloads.end()) continue;
    const Offloads& offloads = found->second;
    if (offloads.lro) {
      findings.push_back(Warning(kSubject,
                                 absl::StrCat(interface.name,
                                              " merges packets in hardware (LRO): a share of them "
                                              "cannot be lost exactly as they came over the wire"),
                                 absl::StrCat("ethtool -K ", interface.name, " lro off")));
      continue;
    }
    std::vector<const char*> on;
    if (offloads.gro) on.push_back("GRO");
    if (offloads.gso) on.push_back("GSO");
    if (offloads.tso) on.push_back("TSO");
    plain.push_back(absl::StrCat(interface.name, " ", on.empty() ? "none" : absl::StrJoin(on, " ")));
  }
  if (!plain.empty()) {
    findings.insert(findings.begin(),
                    Good(kSubject, absl::StrCat(absl::StrJoin(plain, ", "), ": aggregates are split where it counts")));
  }
  return findings;
}

}  // namespace

Examination JudgeInterfaces(const NetworkFacts& facts) {
  if (!facts.survey.ok()) {
    return {Warning("interfaces", absl::StrCat("cannot be read: ", facts.survey.status().message()),
                    absl::IsPermissionDenied(facts.survey.status()) ? "run this as root" : "run this again")};
  }
  const std::vector<Interface> used = UsedBy(facts);
  std::vector<const Device*> devices;
  for (const Device& device : facts.survey->devices) {
    const auto is = [&device](const Interface& interface) { return interface.name == device.name; };
    if (std::ranges::any_of(used, is)) devices.push_back(&device);
  }
  Examination findings = {JudgeUsed(facts, used)};
  for (const Examination& more : {JudgeQdiscs(devices, facts.sender_by_clsact), JudgeOffloads(facts, used)}) {
    findings.insert(findings.end(), more.begin(), more.end());
  }
  return findings;
}

}  // namespace faultline
