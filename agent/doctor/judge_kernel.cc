#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/doctor/kernel_facts.h"

namespace faultline {
namespace {

using State = ModuleTable::State;

// A capability, as findings name it, and the modules that it takes where they are not built in.
struct Trait {
  Capability capability;
  const char* subject;
  std::vector<const char*> modules;
};

const std::vector<Trait>& Traits() {
  static const std::vector<Trait> traits = {
      {Capability::kIngressHook, "ingress-hook", {"nf_tables"}},
      {Capability::kEgressHook, "egress-hook", {}},
      {Capability::kTableOwner, "table-owner", {}},
      {Capability::kBlackholeLane, "blackhole-lane", {"ifb", "nft_fwd_netdev"}},
      {Capability::kReject, "reject", {"nft_reject_inet"}},
      {Capability::kRejectOutgoing, "reject-outgoing", {"nft_reject_inet"}},
      {Capability::kConnectionState, "connection-state", {"nft_ct", "nf_conntrack"}},
      {Capability::kRateLane, "rate-lane", {"ifb", "sch_tbf"}},
      {Capability::kRandomRule, "random-rule", {"nft_numgen"}},
      {Capability::kNetem, "netem", {"sch_netem", "ifb"}},
      {Capability::kNetemSeed, "netem-seed", {}},
      {Capability::kEgressClsact,
       "egress-clsact",
       {"sch_ingress", "cls_basic", "em_meta", "act_skbedit", "act_mirred", "ifb"}},
  };
  return traits;
}

// A module that is there and was not loaded takes a command, not a package.
std::string MendOf(const Trait& trait, const KernelFacts& facts) {
  std::vector<const char*> loadable;
  for (const char* module : trait.modules) {
    const State state = facts.modules.StateOf(module);
    if (state == State::kAbsent) return HowToGet(trait.capability, facts.platform);
    if (state == State::kLoadable) loadable.push_back(module);
  }
  if (loadable.empty()) return HowToGet(trait.capability, facts.platform);
  return absl::StrCat("modprobe -a ", absl::StrJoin(loadable, " "), "; then restart the agent");
}

Finding JudgeCapability(const Trait& trait, const CapabilitySet& has, const KernelFacts& facts) {
  const std::string name(NameOf(trait.capability));
  if (has.Has(trait.capability)) return Good(trait.subject, absl::StrCat(name, ": works"));
  switch (trait.capability) {
    case Capability::kIngressHook:
      return Bad(trait.subject, absl::StrCat("no ", name, ": no fault can act here"), MendOf(trait, facts));
    case Capability::kEgressHook:
      if (!has.Has(Capability::kEgressClsact)) break;
      return Warning(trait.subject,
                     absl::StrCat("no ", name,
                                  ": clsact stands in for it; arming and ending a fault at the sender stops "
                                  "the interface for a moment"),
                     MendOf(trait, facts));
    case Capability::kNetemSeed:
      // Nothing is refused for want of it.
      return Good(trait.subject, has.Has(Capability::kNetem)
                                     ? "netem draws other random numbers in each run: a seed takes Linux 6.6"
                                     : "no netem, and so no seed of it");
    default:
      break;
  }
  return Warning(trait.subject, absl::StrCat("no ", name, ": plans that need it are refused"), MendOf(trait, facts));
}

Finding JudgeModules(const KernelFacts& facts) {
  std::vector<const char*> loaded;
  std::vector<const char*> loadable;
  for (const Trait& trait : Traits()) {
    for (const char* module : trait.modules) {
      const State state = facts.modules.StateOf(module);
      std::vector<const char*>* const list =
          state == State::kLoaded ? &loaded : (state == State::kLoadable ? &loadable : nullptr);
      if (list != nullptr && std::ranges::find(*list, absl::string_view(module)) == list->end()) {
        list->push_back(module);
      }
    }
  }
  const auto names = [](const std::vector<const char*>& list) {
    return list.empty() ? "none" : absl::StrJoin(list, " ");
  };
  if (loaded.empty() && facts.modules.empty()) {
    return Good("modules", "none to be seen here: what works is built in or loaded");
  }
  return Good("modules", absl::StrCat("loaded: ", names(loaded), "; loaded when needed: ", names(loadable)));
}

Finding JudgeDeadMan(const CapabilitySet& has, const Platform& platform) {
  constexpr absl::string_view kGate = "each fault's gate ends in the kernel by itself, within the lease";
  if (has.Has(Capability::kTableOwner)) {
    return Good("dead-man", absl::StrCat("the rules go with the agent (table owner); ", kGate));
  }
  return Warning("dead-man", absl::StrCat(kGate, "; a dead agent's rules, inert, stay until its next start"),
                 HowToGet(Capability::kTableOwner, platform));
}

}  // namespace

Examination JudgeKernel(const KernelFacts& facts) {
  Examination findings = {Good("kernel", absl::StrCat("Linux ", facts.platform.kernel_release, ", ", facts.machine,
                                                      facts.platform.id.empty() ? "" : ", ", facts.platform.id)),
                          JudgeModules(facts)};
  if (!facts.has.ok()) {
    const bool denied = absl::IsPermissionDenied(facts.has.status());
    const std::string detail = absl::StrCat("what the kernel can do was not tried: ", facts.has.status().message());
    findings.push_back(denied ? Warning("features", detail, "run this as root")
                              : Bad("features", detail, HowToGet(Capability::kIngressHook, facts.platform)));
    return findings;
  }
  for (const Trait& trait : Traits()) {
    if (trait.capability == Capability::kTableOwner) continue;
    // It stands in for the hook, and is not tried where that is.
    if (trait.capability == Capability::kEgressClsact && facts.has->Has(Capability::kEgressHook)) continue;
    findings.push_back(JudgeCapability(trait, *facts.has, facts));
  }
  findings.push_back(JudgeDeadMan(*facts.has, facts.platform));
  return findings;
}

}  // namespace faultline
