#include "controller/compile/compiler.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/compile/assembler.h"
#include "controller/compile/enforcement.h"
#include "controller/compile/grudge.h"
#include "controller/compile/lack.h"
#include "controller/compile/membership.h"
#include "controller/compile/node_index.h"

namespace faultline {
namespace {

constexpr std::size_t kMostEdges = 1'000'000;
constexpr std::size_t kMostRules = 10'000'000;

class Compiler {
 public:
  Compiler(const Plan& plan, const Inventory& inventory, const CompileOptions& options)
      : plan_(plan), options_(options), fleet_(inventory), groups_(IndexGroups(plan)) {}

  Compiled Run() {
    FindMembers();
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) CheckStep(i);
    if (errors_.empty()) Assemble();
    Compiled compiled;
    compiled.errors = errors_.Take();
    if (compiled.errors.empty()) compiled.timelines = std::move(timelines_);
    compiled.warnings = std::move(warnings_);
    return compiled;
  }

 private:
  void FindMembers() {
    for (const auto& [name, group] : plan_.groups) {
      memberships_.push_back(MembershipOf(group, fleet_));
      CheckGroup(group, memberships_.back());
    }
    WarnOfSharedAddresses();
  }

  void CheckGroup(const Group& group, const Membership& membership) {
    if (group.cidrs.empty() && membership.members.empty()) {
      errors_.Add(group.position, absl::StrCat("group '", group.name, "' matches no connected node", Wanted(group),
                                               fleet_.nodes().empty() ? "; no node is connected at all" : ""));
    } else if (membership.addresses.empty()) {
      errors_.Add(group.position,
                  absl::StrCat("group '", group.name, "' has nodes, but none has an address of its own"));
    } else if (!membership.absent_names.empty()) {
      warnings_.push_back(absl::StrCat("group '", group.name, "': not connected: ", NameSome(membership.absent_names)));
    }
  }

  // ": it asks for label az=*a and node 'lon-1'; did you mean 'lon-2'?"
  std::string Wanted(const Group& group) const {
    std::vector<std::string> wanted;
    std::string help;
    for (const auto& [label, value] : group.labels) wanted.push_back(absl::StrCat("label ", label, "=", value));
    for (const std::string& name : group.nodes) {
      wanted.push_back(absl::StrCat("node '", name, "'"));
      if (help.empty()) help = errors_.Suggest(name, fleet_.names());
    }
    return wanted.empty() ? "" : absl::StrCat(": it asks for ", NameSome(wanted), help);
  }

  // Only plans that ask for nodes by name or label can be surprised.
  void WarnOfSharedAddresses() {
    const auto chooses = [](const auto& entry) { return !entry.second.nodes.empty() || !entry.second.labels.empty(); };
    if (fleet_.shared().empty() || std::none_of(plan_.groups.begin(), plan_.groups.end(), chooses)) return;
    std::vector<std::string> texts;
    for (const auto& [address, holders] : fleet_.shared()) {
      texts.push_back(absl::StrCat(address.ToString(), " (", holders, " nodes)"));
    }
    warnings_.push_back(absl::StrCat("addresses that several nodes hold are no node's own: ", NameSome(texts)));
  }

  void CheckStep(std::size_t position) {
    const PlanStep& step = plan_.steps[position];
    for (const std::string& name : UnknownGroups(step.ends, groups_)) {
      AddError(step, absl::StrCat("unknown group '", name, "'"));
      return;
    }
    edges_ += EdgeCount(step.ends);
    if (edges_ > kMostEdges) {
      AddError(step,
               absl::StrCat("the plan has more than ", kMostEdges, " edges between groups; use fewer groups or steps"));
      return;
    }
    const Step blank = BlankStep(step, static_cast<StepIndex>(position));
    if (const std::string impossible = Impossible(blank, Side::kReceiver); !impossible.empty()) {
      AddError(step, impossible);
      return;
    }
    senders_.push_back(SendersFor(blank));
    Lacks lacks(fleet_);
    for (const Edge& edge : EdgesOf(step.ends, groups_)) {
      if (errors_.full()) return;
      CheckEdge(step, blank, edge, lacks);
    }
    for (const std::string& lack : lacks.Describe()) AddError(step, lack);
  }

  // The number of the class of steps to which the same senders can do what this one needs.
  std::size_t SendersFor(const Step& blank) {
    const bool possible = Impossible(blank, Side::kSender).empty();
    std::vector<bool> senders;
    for (const InventoryNode& node : fleet_.nodes()) {
      senders.push_back(possible && Missing(blank, Side::kSender, node.has).empty());
    }
    return sender_classes_.try_emplace(std::move(senders), sender_classes_.size()).first->second;
  }

  const std::vector<bool>& SendersOf(std::size_t number) const {
    return std::find_if(sender_classes_.begin(), sender_classes_.end(),
                        [number](const auto& entry) { return entry.second == number; })
        ->first;
  }

  void CheckEdge(const PlanStep& step, const Step& blank, const Edge& edge, Lacks& lacks) {
    const Membership& from = memberships_[edge.from];
    const Membership& to = memberships_[edge.to];
    if (from.addresses.empty() || to.addresses.empty()) return;  // CheckGroup has said so.
    if (const std::string& shared = SharedBetween(edge); !shared.empty()) {
      // Every edge of a Between is there both ways.
      const bool said = std::holds_alternative<Between>(step.ends) && edge.from > edge.to;
      if (!said) {
        AddError(step, absl::StrCat("groups '", from.name, "' and '", to.name, "' overlap: both have ", shared));
      }
      return;
    }
    const std::size_t senders = senders_.back();
    const auto [entry, fresh] = enforcements_.try_emplace({edge, senders});
    if (fresh) entry->second = Enforce(from, to, fleet_, SendersOf(senders));
    for (const NodeRule& rule : entry->second.rules) {
      if (rule.side == Side::kReceiver) {
        lacks.Add(rule.node, Missing(blank, Side::kReceiver, fleet_.nodes()[rule.node].has));
      }
    }
    CheckEnforcement(step, blank, edge, entry->second, /*first_use=*/fresh);
  }

  const std::string& SharedBetween(const Edge& edge) {
    const auto pair = std::minmax(edge.from, edge.to);
    const auto [entry, fresh] = shared_.try_emplace(pair);
    if (fresh) entry->second = SharedPart(memberships_[edge.from], memberships_[edge.to], fleet_).value_or("");
    return entry->second;
  }

  void CheckEnforcement(const PlanStep& step, const Step& blank, const Edge& edge, const Enforcement& enforcement,
                        bool first_use) {
    const Membership& from = memberships_[edge.from];
    const Membership& to = memberships_[edge.to];
    const std::string ends = absl::StrCat("'", from.name, "' to '", to.name, "': ");
    if (from.members.empty() && to.members.empty()) {
      AddError(step, absl::StrCat(ends, "neither group has a connected node to enforce it"));
    } else if (!enforcement.unable.empty() && to.members.empty()) {
      for (const std::string& reason : WhyUnable(blank, enforcement)) {
        AddError(step, absl::StrCat(ends, "'", to.name, "' has no connected node, and ", reason));
      }
    } else if (!enforcement.unable.empty() && first_use) {
      for (const std::string& reason : WhyUnable(blank, enforcement)) {
        Warn(step, absl::StrCat(ends, "packets to hosts of '", to.name, "' without an agent pass: ", reason));
      }
    } else if (enforcement.rules.empty() && warned_of_families_.insert(edge).second) {
      Warn(step, absl::StrCat(ends, "one has only IPv4 and the other only IPv6; nothing to act on"));
    }
  }

  // Why those that should act on what they send cannot.
  std::vector<std::string> WhyUnable(const Step& blank, const Enforcement& enforcement) const {
    if (std::string impossible = Impossible(blank, Side::kSender); !impossible.empty()) return {std::move(impossible)};
    Lacks lacks(fleet_);
    for (const std::size_t node : enforcement.unable) {
      lacks.Add(node, Missing(blank, Side::kSender, fleet_.nodes()[node].has));
    }
    return lacks.Describe();
  }

  void AddError(const PlanStep& step, const std::string& message) {
    errors_.Add(step.position, absl::StrCat("step '", step.name, "': ", message));
  }

  void Warn(const PlanStep& step, const std::string& message) {
    warnings_.push_back(absl::StrCat("step '", step.name, "': ", message));
  }

  Timeline Blank() const {
    Timeline blank;
    blank.run = options_.run;
    blank.lease = options_.lease;
    blank.on_controller_loss = plan_.on_controller_loss;
    blank.seed = plan_.seed;
    Duration last_end(0);
    Duration drained(0);
    for (const PlanStep& step : plan_.steps) {
      const Duration end = step.at + step.length;
      last_end = std::max(last_end, end);
      const Duration drain = DrainTime(BlankStep(step, 0), Duration(0), step.length);
      drained = std::max(drained, end + std::min(drain, options_.cooldown + kMostDrain));
    }
    blank.length = std::max(last_end + options_.cooldown, drained);
    return blank;
  }

  void Assemble() {
    Assembler assembler(plan_, fleet_, Blank());
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      for (const Edge& edge : EdgesOf(plan_.steps[i].ends, groups_)) {
        const EnforcementKey key(edge, senders_[i]);
        assembler.Add(i, key, enforcements_.at(key));
      }
      if (assembler.rules() > kMostRules) {
        AddError(plan_.steps[i], absl::StrCat("the plan needs more than ", kMostRules,
                                              " rules over all nodes; use fewer groups or steps"));
        return;
      }
    }
    timelines_ = assembler.Take();
    CheckTimelines();
  }

  // Nothing that an agent would refuse leaves the compiler.
  void CheckTimelines() {
    for (const Timeline& timeline : timelines_) {
      const absl::Status status = CheckTimeline(timeline);
      if (!status.ok()) {
        errors_.Add({}, absl::StrCat("node '", timeline.node.text(), "': ", status.message()));
        return;
      }
    }
  }

  const Plan& plan_;
  const CompileOptions& options_;
  const NodeIndex fleet_;
  const GroupIndex groups_;
  // In the order of groups_.
  std::vector<Membership> memberships_;
  // By pair of groups, the lesser first; empty text: they share nothing.
  std::map<std::pair<std::size_t, std::size_t>, std::string> shared_;
  // By whether each node of the fleet can act on what it sends.
  std::map<std::vector<bool>, std::size_t> sender_classes_;
  // Of each step.
  std::vector<std::size_t> senders_;
  std::map<EnforcementKey, Enforcement> enforcements_;
  std::set<Edge> warned_of_families_;
  std::size_t edges_ = 0;
  TextErrors errors_;
  std::vector<std::string> warnings_;
  std::vector<Timeline> timelines_;
};

}  // namespace

Compiled CompilePlan(const Plan& plan, const Inventory& inventory, const CompileOptions& options) {
  return Compiler(plan, inventory, options).Run();
}

}  // namespace faultline
