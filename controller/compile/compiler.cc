#include "controller/compile/compiler.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/compile/assembler.h"
#include "controller/compile/enforcement.h"
#include "controller/compile/grudge.h"
#include "controller/compile/membership.h"
#include "controller/compile/node_index.h"

namespace faultline {
namespace {

constexpr std::size_t kMostEdges = 1'000'000;
constexpr std::size_t kMostBlocks = 10'000'000;

// "a, b, c and 4 more".
std::string NameSome(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 5;
  const std::size_t shown = std::min(kMost, names.size());
  std::string text = absl::StrJoin(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", ");
  if (shown < names.size()) absl::StrAppend(&text, " and ", names.size() - shown, " more");
  return text;
}

class Compiler {
 public:
  Compiler(const Plan& plan, const Inventory& inventory, const CompileOptions& options)
      : plan_(plan), options_(options), fleet_(inventory), groups_(IndexGroups(plan)) {}

  Compiled Run() {
    FindMembers();
    for (const PlanStep& step : plan_.steps) CheckStep(step);
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

  void CheckStep(const PlanStep& step) {
    for (const std::string& name : UnknownGroups(step.fault, groups_)) {
      errors_.Add(step.position, absl::StrCat("step '", step.name, "': unknown group '", name, "'"));
      return;
    }
    edges_ += EdgeCount(step.fault);
    if (edges_ > kMostEdges) {
      errors_.Add(step.position, absl::StrCat("step '", step.name, "': the plan has more than ", kMostEdges,
                                              " edges between groups; use fewer groups or steps"));
      return;
    }
    for (const Edge& edge : EdgesOf(step.fault, groups_)) {
      if (errors_.full()) return;
      CheckEdge(step, edge);
    }
  }

  void CheckEdge(const PlanStep& step, const Edge& edge) {
    const Membership& from = memberships_[edge.from];
    const Membership& to = memberships_[edge.to];
    if (from.addresses.empty() || to.addresses.empty()) return;  // CheckGroup has said so.
    if (const std::string& shared = SharedBetween(edge); !shared.empty()) {
      // A partition has every edge both ways.
      const bool said = std::holds_alternative<PartitionFault>(step.fault) && edge.from > edge.to;
      if (!said) {
        errors_.Add(step.position, absl::StrCat("step '", step.name, "': groups '", from.name, "' and '", to.name,
                                                "' overlap: both have ", shared));
      }
      return;
    }
    const auto [entry, fresh] = enforcements_.try_emplace(edge);
    if (fresh) entry->second = Enforce(from, to, fleet_);
    CheckEnforcement(step, from, to, entry->second, /*first_use=*/fresh);
  }

  const std::string& SharedBetween(const Edge& edge) {
    const auto pair = std::minmax(edge.from, edge.to);
    const auto [entry, fresh] = shared_.try_emplace(pair);
    if (fresh) entry->second = SharedPart(memberships_[edge.from], memberships_[edge.to], fleet_).value_or("");
    return entry->second;
  }

  void CheckEnforcement(const PlanStep& step, const Membership& from, const Membership& to,
                        const Enforcement& enforcement, bool first_use) {
    const std::string edge = absl::StrCat("step '", step.name, "': '", from.name, "' to '", to.name, "'");
    if (from.members.empty() && to.members.empty()) {
      errors_.Add(step.position, absl::StrCat(edge, ": neither group has a connected node to enforce it"));
    } else if (!enforcement.unable.empty() && to.members.empty()) {
      errors_.Add(
          step.position,
          absl::StrCat(edge, ": '", to.name, "' has no connected node, and packets cannot be swallowed on their ",
                       "way out by ", NodeNames(enforcement.unable), " (that needs Linux 5.16 or later, and ifb)"));
    } else if (!enforcement.unable.empty() && first_use) {
      warnings_.push_back(absl::StrCat(edge, ": hosts of '", to.name, "' without an agent still hear ",
                                       NodeNames(enforcement.unable),
                                       ", whose kernel cannot swallow packets on their way out"));
    } else if (enforcement.rules.empty() && first_use) {
      warnings_.push_back(absl::StrCat(edge, ": one has only IPv4 and the other only IPv6; nothing to block"));
    }
  }

  std::string NodeNames(const std::vector<std::size_t>& nodes) const {
    std::vector<std::string> names;
    for (const std::size_t node : nodes) names.push_back(fleet_.names()[node]);
    return NameSome(names);
  }

  Timeline Blank() const {
    Timeline blank;
    blank.run = options_.run;
    blank.lease = options_.lease;
    blank.on_controller_loss = plan_.on_controller_loss;
    blank.seed = plan_.seed;
    for (const PlanStep& step : plan_.steps) blank.length = std::max(blank.length, step.at + step.length);
    blank.length += options_.cooldown;
    return blank;
  }

  void Assemble() {
    Assembler assembler(plan_, fleet_, Blank());
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      for (const Edge& edge : EdgesOf(plan_.steps[i].fault, groups_)) {
        assembler.Add(i, edge, enforcements_.at(edge));
      }
      if (assembler.blocks() > kMostBlocks) {
        errors_.Add(plan_.steps[i].position,
                    absl::StrCat("step '", plan_.steps[i].name, "': the plan needs more than ", kMostBlocks,
                                 " blocks over all nodes; use fewer groups or steps"));
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
  std::map<Edge, Enforcement> enforcements_;
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
