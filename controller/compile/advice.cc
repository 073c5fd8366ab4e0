#include "controller/compile/advice.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/compile/lack.h"

namespace faultline {
namespace {

std::string Quoted(const std::string& name) { return absl::StrCat("'", name, "'"); }

// Whether one of the group's nodes has the address.
bool HasNodeAt(const Membership& group, const IpAddress& address) {
  return group.agent_addresses.Contains(address) ||
         std::ranges::any_of(group.members, [&](const Member& member) { return member.own.Contains(address); });
}

}  // namespace

void Advice::Add(const PlanStep& step, const Membership& from, const Membership& to) {
  if (!controller_.empty()) AddController(step, from, to);
  if (from.members.empty()) acted_for_[from.name].insert(Quoted(to.name));
  if (to.members.empty()) acted_for_[to.name].insert(Quoted(from.name));
  if (from.beyond_agents && to.beyond_agents) unwatched_.insert(std::minmax(from.name, to.name));
}

void Advice::AddController(const PlanStep& step, const Membership& from, const Membership& to) {
  // The connection is TCP.
  if (step.filter.protocol != Protocol::kAny && step.filter.protocol != Protocol::kTcp) return;
  for (const IpAddress& address : controller_) {
    const bool inside = (from.addresses.Contains(address) && !to.members.empty()) ||
                        (to.addresses.Contains(address) && !from.members.empty());
    if (!inside || step.exclude.Contains(address)) continue;
    if (HasNodeAt(from, address) || HasNodeAt(to, address)) on_node_.insert(address);
    std::vector<std::string>& steps = cut_off_[address];
    if (steps.empty() || steps.back() != Quoted(step.name)) steps.push_back(Quoted(step.name));
  }
}

std::vector<std::string> Advice::Warnings() const {
  std::vector<std::string> warnings;
  for (const auto& [address, steps] : cut_off_) {
    warnings.push_back(absl::StrCat("the controller's address ", address.ToString(), " is inside the fault of ",
                                    steps.size() == 1 ? "step " : "steps ", NameSome(steps),
                                    "; agents keep talking to it because that connection is protected"));
    if (on_node_.contains(address)) {
      absl::StrAppend(&warnings.back(),
                      ", unless the agent on that host, a node of the fault, dials anything but this address: then the "
                      "other nodes lose their controller there, and their lease ends the run");
    }
  }
  return warnings;
}

std::vector<std::string> Advice::Notes() const {
  std::vector<std::string> notes;
  for (const auto& [group, others] : acted_for_) {
    notes.push_back(absl::StrCat("group '", group, "' has no agent: the nodes of ",
                                 NameSome({others.begin(), others.end()}), " act for it"));
  }
  std::vector<std::string> pairs;
  for (const auto& [a, b] : unwatched_) pairs.push_back(absl::StrCat("'", a, "' and '", b, "'"));
  if (!pairs.empty()) {
    notes.push_back(absl::StrCat("between ", NameSome(pairs), ", packets pass if neither host has an agent"));
  }
  return notes;
}

}  // namespace faultline
