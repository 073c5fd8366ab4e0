#include "controller/compile/compiler.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/hold.h"
#include "controller/compile/advice.h"
#include "controller/compile/assembler.h"
#include "controller/compile/clsact_price.h"
#include "controller/compile/ends.h"
#include "controller/compile/enforcement.h"
#include "controller/compile/group_resolver.h"
#include "controller/compile/grudge.h"
#include "controller/compile/lack.h"
#include "controller/compile/limits.h"
#include "controller/compile/membership.h"
#include "controller/compile/node_index.h"

namespace faultline {
namespace {

constexpr std::size_t kMostEdges = 1'000'000;
constexpr std::size_t kMostRules = 10'000'000;

class Compiler {
 public:
  Compiler(const Plan& plan, const Inventory& inventory, const CompileOptions& options)
      : plan_(plan),
        options_(options),
        fleet_(inventory),
        groups_(ResolveGroups(plan, fleet_, errors_, warnings_)),
        grudges_(groups_, fleet_, plan.seed),
        advice_(options.controller_addresses) {}

  Compiled Run() {
    Compiled compiled;
    compiled.drawn = groups_.drawn;
    for (const Membership& membership : groups_.memberships) compiled.groups.push_back(Resolved(membership, fleet_));
    edges_of_.resize(plan_.steps.size());
    senders_.resize(plan_.steps.size());
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) CheckStep(i, compiled);
    CheckLength();
    if (errors_.empty()) Assemble();
    compiled.errors = errors_.Take();
    if (compiled.errors.empty()) {
      compiled.timelines = std::move(timelines_);
      compiled.targets = std::move(targets_);
    }
    compiled.warnings = std::move(warnings_);
    for (std::string& warning : advice_.Warnings()) compiled.warnings.push_back(std::move(warning));
    compiled.notes = advice_.Notes();
    return compiled;
  }

 private:
  void CheckStep(std::size_t position, Compiled& compiled) {
    const PlanStep& step = plan_.steps[position];
    for (const std::string& name : GroupsOf(step.ends)) {
      if (groups_.index.contains(name)) continue;
      AddError(step, absl::StrCat("unknown group '", name, "'"));
      return;
    }
    edges_ += EdgeCount(step.ends);
    if (!CheckEdgeCount(step)) return;
    const Step blank = BlankStep(step, static_cast<StepIndex>(position));
    if (const std::string impossible = Impossible(blank, Side::kReceiver); !impossible.empty()) {
      AddError(step, impossible);
      return;
    }
    Lowered lowered = grudges_.Lower(step);
    if (!lowered.error.empty()) AddError(step, lowered.error);
    if (std::holds_alternative<Shape>(step.ends)) edges_ += lowered.edges.size();
    if (!CheckEdgeCount(step)) return;
    std::move(lowered.parts.begin(), lowered.parts.end(), std::back_inserter(compiled.groups));
    if (!lowered.drawn.empty()) compiled.drawn.push_back(std::move(lowered.drawn));
    edges_of_[position] = std::move(lowered.edges);
    senders_[position] = SendersFor(blank);
    CheckEdges(position, blank);
  }

  bool CheckEdgeCount(const PlanStep& step) {
    if (edges_ <= kMostEdges) return true;
    AddError(step,
             absl::StrCat("the plan has more than ", kMostEdges, " edges between groups; use fewer groups or steps"));
    return false;
  }

  void CheckEdges(std::size_t position, const Step& blank) {
    const PlanStep& step = plan_.steps[position];
    Lacks lacks(fleet_);
    for (const Edge& edge : edges_of_[position]) {
      if (errors_.full()) return;
      CheckEdge(step, blank, edge, senders_[position], lacks);
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

  void CheckEdge(const PlanStep& step, const Step& blank, const Edge& edge, std::size_t senders, Lacks& lacks) {
    const Membership& from = grudges_[edge.from];
    const Membership& to = grudges_[edge.to];
    if (from.addresses.empty() || to.addresses.empty()) return;  // ResolveGroups has said so.
    if (const std::string& shared = SharedBetween(edge); !shared.empty()) {
      // Every edge of a Between is there both ways.
      const bool said = std::holds_alternative<Between>(step.ends) && edge.from > edge.to;
      if (!said) {
        AddError(step, absl::StrCat("groups '", from.name, "' and '", to.name, "' overlap: both have ", shared));
      }
      return;
    }
    advice_.Add(step, from, to);
    const auto [entry, fresh] = enforcements_.try_emplace({edge, senders});
    if (fresh) entry->second = Enforce(from, to, edge.preference, SendersOf(senders));
    for (const NodeRule& rule : entry->second.rules) {
      if (rule.side == Side::kReceiver) {
        lacks.Add(rule.node, Missing(blank, Side::kReceiver, fleet_.nodes()[rule.node].has));
      }
    }
    CheckEnforcement(step, blank, edge, entry->second, /*first_use=*/fresh);
  }

  // Sets without a name are made so that they share nothing.
  const std::string& SharedBetween(const Edge& edge) {
    static const std::string& nothing = *new std::string();
    if (!grudges_.Named(edge.from) || !grudges_.Named(edge.to)) return nothing;
    const auto pair = std::minmax(edge.from, edge.to);
    const auto [entry, fresh] = shared_.try_emplace(pair);
    if (fresh) entry->second = SharedPart(grudges_[edge.from], grudges_[edge.to], fleet_).value_or("");
    return entry->second;
  }

  void CheckEnforcement(const PlanStep& step, const Step& blank, const Edge& edge, const Enforcement& enforcement,
                        bool first_use) {
    const Membership& from = grudges_[edge.from];
    const Membership& to = grudges_[edge.to];
    const std::string ends = absl::StrCat("'", from.name, "' to '", to.name, "': ");
    if (from.members.empty() && to.members.empty()) {
      AddError(step, absl::StrCat(ends, "neither group has a connected node to enforce it"));
    } else if (!enforcement.unable.empty() && to.members.empty()) {
      for (const std::string& reason : WhyUnable(blank, enforcement)) {
        AddError(step, absl::StrCat(ends, "'", to.name, "' has no connected node, and ", reason));
      }
    } else if (!enforcement.unable.empty() && first_use) {
      for (const std::string& reason : WhyUnable(blank, enforcement)) {
        Warn(step, absl::StrCat(ends, "packets to hosts of '", to.name, "' without an agent pass: ", reason,
                                OneWayByAccident(step, to)));
      }
    } else if (enforcement.rules.empty() && warned_of_families_.insert(edge).second) {
      Warn(step, absl::StrCat(ends, "one has only IPv4 and the other only IPv6; nothing to act on"));
    }
  }

  // Of a fault both ways, of which one way is left out towards hosts of `there` without an agent.
  static std::string OneWayByAccident(const PlanStep& step, const Membership& there) {
    if (std::holds_alternative<OneWay>(step.ends)) return "";
    return absl::StrCat("; packets from them do not, so that with hosts of '", there.name,
                        "' without an agent it is a fault one way");
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
    const Duration cooldown = Cooldown();
    Duration drained(0);
    for (const PlanStep& step : plan_.steps) {
      const Duration drain = DrainTime(BlankStep(step, 0), Duration(0), step.length);
      drained = std::max(drained, step.at + step.length + std::min(drain, cooldown + kMostDrain));
    }
    blank.length = std::max(LastEnd() + cooldown, drained);
    return blank;
  }

  Duration LastEnd() const {
    Duration last_end(0);
    for (const PlanStep& step : plan_.steps) last_end = std::max(last_end, step.at + step.length);
    return last_end;
  }

  Duration Cooldown() const { return plan_.length ? std::max(*plan_.length - LastEnd(), Duration(0)) : plan_.cooldown; }

  void CheckLength() {
    if (!plan_.length || *plan_.length >= LastEnd()) return;
    errors_.Add(SourcePosition(), absl::StrCat("'length' is ", FormatDuration(*plan_.length),
                                               ", but the last step ends after ", FormatDuration(LastEnd())));
  }

  void Assemble() {
    Assembler assembler(plan_, fleet_, Blank());
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      for (const Edge& edge : edges_of_[i]) {
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
    if (plan_.wait_verified) {
      for (Timeline& timeline : timelines_) timeline.holds = HoldsOf(timeline.steps);
    }
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) targets_.push_back(TargetsOf(i));
    CheckLimits(plan_, fleet_, Touched(), errors_, warnings_);
    if (std::string price = ClsactPrice(timelines_, fleet_); !price.empty()) warnings_.push_back(std::move(price));
    CheckTimelines();
  }

  // Whom one step acts on.
  std::vector<std::size_t> TargetsOf(std::size_t position) const {
    TouchedNodes touched(fleet_.nodes().size());
    // Sets of hosts are in many edges.
    std::set<std::size_t> ends;
    const auto* isolate = std::get_if<Isolate>(&plan_.steps[position].ends);
    const bool from_the_world = isolate != nullptr && !isolate->from;
    for (const Edge& edge : edges_of_[position]) {
      const Enforcement& enforcement = enforcements_.at({edge, senders_[position]});
      if (enforcement.rules.empty()) continue;
      touched.Add(enforcement);
      for (const std::size_t end : {edge.from, edge.to}) {
        if (!from_the_world || grudges_.Named(end)) ends.insert(end);
      }
    }
    for (const std::size_t end : ends) touched.Add(grudges_[end]);
    return touched.Take();
  }

  // Whom any step acts on.
  std::vector<std::size_t> Touched() const {
    std::set<std::size_t> touched;
    for (const std::vector<std::size_t>& targets : targets_) touched.insert(targets.begin(), targets.end());
    return {touched.begin(), touched.end()};
  }

  // Nothing that an agent would refuse leaves the compiler.
  void CheckTimelines() {
    for (const Timeline& timeline : timelines_) {
      const absl::Status status = CheckTimeline(timeline);
      if (!status.ok()) {
        errors_.Add(SourcePosition(), absl::StrCat("node '", timeline.node.text(), "': ", status.message()));
        return;
      }
    }
  }

  const Plan& plan_;
  const CompileOptions& options_;
  const NodeIndex fleet_;
  TextErrors errors_;
  std::vector<std::string> warnings_;
  const GroupTable groups_;
  Grudges grudges_;
  Advice advice_;
  // By pair of groups, the lesser first; empty text: they share nothing.
  std::map<std::pair<std::size_t, std::size_t>, std::string> shared_;
  // By whether each node of the fleet can act on what it sends.
  std::map<std::vector<bool>, std::size_t> sender_classes_;
  // Of each step.
  std::vector<std::vector<Edge>> edges_of_;
  std::vector<std::size_t> senders_;
  std::map<EnforcementKey, Enforcement> enforcements_;
  std::set<Edge> warned_of_families_;
  std::size_t edges_ = 0;
  std::vector<Timeline> timelines_;
  std::vector<std::vector<std::size_t>> targets_;
};

}  // namespace

Compiled CompilePlan(const Plan& plan, const Inventory& inventory, const CompileOptions& options) {
  return Compiler(plan, inventory, options).Run();
}

const ResolvedGroup* MembersOf(const Compiled& compiled, absl::string_view name) {
  const auto found = std::find_if(compiled.groups.begin(), compiled.groups.end(),
                                  [name](const ResolvedGroup& group) { return absl::string_view(group.name) == name; });
  return found == compiled.groups.end() ? nullptr : &*found;
}

std::vector<std::pair<NodeName, NodeName>> NodePairs(const Compiled& compiled, absl::string_view from,
                                                     absl::string_view to) {
  std::vector<std::pair<NodeName, NodeName>> pairs;
  const ResolvedGroup* senders = MembersOf(compiled, from);
  const ResolvedGroup* receivers = MembersOf(compiled, to);
  if (senders == nullptr || receivers == nullptr) return pairs;
  for (const std::string& sender : senders->nodes) {
    for (const std::string& receiver : receivers->nodes) {
      if (sender != receiver) pairs.emplace_back(NodeName(sender), NodeName(receiver));
    }
  }
  return pairs;
}

}  // namespace faultline
