#include "controller/compile/group_resolver.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compile/ends.h"
#include "controller/compile/lack.h"
#include "controller/compile/lot.h"

namespace faultline {
namespace {

std::set<std::string> NamesIn(const Plan& plan) {
  std::set<std::string> names;
  for (const auto& [name, group] : plan.groups) {
    names.insert(group.all.begin(), group.all.end());
    names.insert(group.except.begin(), group.except.end());
    if (group.draw) names.insert(group.draw->of);
  }
  for (const PlanStep& step : plan.steps)
    for (std::string& name : GroupsOf(step.ends)) names.insert(std::move(name));
  for (const Expectation& expectation : plan.expectations) {
    names.insert(expectation.from);
    names.insert(expectation.to);
  }
  return names;
}

// Those of the plan, and kEveryNode if something speaks of it.
std::map<std::string, Group> GroupsWithAll(const Plan& plan) {
  std::map<std::string, Group> groups = plan.groups;
  if (!groups.contains(kEveryNode) && NamesIn(plan).contains(kEveryNode)) {
    Group every;
    every.name = kEveryNode;
    every.nodes = {"*"};
    groups.emplace(kEveryNode, std::move(every));
  }
  return groups;
}

std::size_t HowMany(const Draw& draw, std::size_t members) {
  switch (draw.amount) {
    case Draw::Amount::kCount:
      return draw.count;
    case Draw::Amount::kMinority:
      return members == 0 ? 0 : (members - 1) / 2;
    case Draw::Amount::kMajority:
      return members / 2 + 1;
  }
  return 0;
}

std::string Nodes(std::size_t count) { return count == 1 ? "1 node" : absl::StrCat(count, " nodes"); }

class Resolver {
 public:
  Resolver(const Plan& plan, const NodeIndex& fleet, TextErrors& errors, std::vector<std::string>& warnings)
      : plan_(plan), fleet_(fleet), errors_(errors), warnings_(warnings), groups_(GroupsWithAll(plan)) {}

  GroupTable Run() {
    for (const auto& [name, group] : groups_) {
      order_.push_back(&group);
      table_.index.emplace(name, table_.index.size());
    }
    table_.selections.resize(order_.size());
    table_.memberships.resize(order_.size());
    absent_.resize(order_.size());
    states_.resize(order_.size(), State::kNew);
    for (std::size_t i = 0; i < order_.size(); ++i) Resolve(i);
    for (std::size_t i = 0; i < order_.size(); ++i) WarnOfAbsent(i);
    WarnOfSharedAddresses();
    return std::move(table_);
  }

 private:
  enum class State : std::uint8_t { kNew, kBegun, kDone };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  // Gives the place of a group that `by` is made from, resolved; kNone when that is not possible, which is then said.
  std::size_t Use(const std::string& name, const Group& by) {
    const auto found = table_.index.find(name);
    if (found == table_.index.end()) {
      errors_.Add(by.position, absl::StrCat("group '", by.name, "': unknown group '", name, "'"));
      return kNone;
    }
    if (states_[found->second] == State::kBegun) {
      errors_.Add(by.position, absl::StrCat("group '", by.name, "' is part of itself, by way of '", name, "'"));
      return kNone;
    }
    Resolve(found->second);
    return found->second;
  }

  bool Bad(std::size_t place) const { return place == kNone || table_.memberships[place].addresses.empty(); }

  void Resolve(std::size_t place) {
    if (states_[place] != State::kNew) return;
    states_[place] = State::kBegun;
    const Group& group = *order_[place];
    Selection selection = Select(group, fleet_, absent_[place]);
    bool said = false;
    for (const std::string& name : group.all) {
      const std::size_t part = Use(name, group);
      said = said || Bad(part);
      if (part != kNone) selection.Add(table_.selections[part]);
    }
    if (group.draw) said = !DrawInto(group, selection) || said;
    const bool any_before = !selection.empty();
    for (const std::string& name : group.except) {
      const std::size_t part = Use(name, group);
      if (part != kNone) selection = Without(selection, table_.memberships[part], fleet_);
    }
    table_.memberships[place] = MembershipOf(group.name, selection, fleet_);
    if (Bad(place) && !said) SayEmpty(group, place, any_before && selection.empty());
    table_.selections[place] = std::move(selection);
    states_[place] = State::kDone;
  }

  // False when it cannot be, which is then said.
  bool DrawInto(const Group& group, Selection& selection) {
    const std::size_t of = Use(group.draw->of, group);
    if (Bad(of)) return false;
    const Membership& from = table_.memberships[of];
    const std::vector<std::size_t> places = Drawable(from, fleet_);
    const std::size_t count = HowMany(*group.draw, places.size());
    if (count == 0 || count > places.size()) {
      errors_.Add(group.position, WhyNoDraw(group, places.size()));
      return false;
    }
    std::vector<absl::string_view> names;
    for (const std::size_t place : places) names.push_back(fleet_.names()[from.members[place].node]);
    const std::vector<std::size_t> order = DrawOrder(plan_.seed, absl::StrCat("group ", group.name), names);
    std::vector<std::size_t> drawn;
    std::vector<std::string> drawn_names;
    for (std::size_t i = 0; i < count; ++i) {
      drawn.push_back(places[order[i]]);
      drawn_names.emplace_back(names[order[i]]);
    }
    selection.Add(PartOf(from, drawn, fleet_));
    std::sort(drawn_names.begin(), drawn_names.end());
    table_.drawn.push_back(absl::StrCat(group.name, ": ", NameSome(drawn_names, kMostDrawnNames), " (of the ",
                                        Nodes(places.size()), " of '", from.name, "')"));
    return true;
  }

  static std::string WhyNoDraw(const Group& group, std::size_t members) {
    const Draw& draw = *group.draw;
    const std::string of = absl::StrCat("'", draw.of, "', which has ", Nodes(members));
    if (members == 0) return absl::StrCat("group '", group.name, "': '", draw.of, "' has no connected node to draw");
    if (draw.amount == Draw::Amount::kMinority) {
      return absl::StrCat("group '", group.name, "' is to be a minority of ", of, "; that takes 3 or more");
    }
    return absl::StrCat("group '", group.name, "' is to be ", Nodes(draw.count), " of ", of);
  }

  void SayEmpty(const Group& group, std::size_t place, bool taken_away) {
    const std::string name = absl::StrCat("group '", group.name, "'");
    if (taken_away) {
      errors_.Add(group.position, absl::StrCat(name, " is empty: 'except' takes all of it away"));
    } else if (!table_.memberships[place].members.empty()) {
      errors_.Add(group.position, absl::StrCat(name, " has nodes, but none has an address of its own"));
    } else if (!group.dns.empty()) {
      std::vector<std::string> names;
      for (const DnsName& dns : group.dns) names.push_back(absl::StrCat("'", dns.name, "'"));
      errors_.Add(group.position, absl::StrCat(name, " is empty: no address is known of ", NameSome(names)));
    } else {
      errors_.Add(group.position, absl::StrCat(name, " matches no connected node", Wanted(group),
                                               fleet_.nodes().empty() ? "; no node is connected at all" : ""));
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

  void WarnOfAbsent(std::size_t place) {
    if (absent_[place].empty() || Bad(place)) return;
    warnings_.push_back(absl::StrCat("group '", order_[place]->name, "': not connected: ", NameSome(absent_[place])));
  }

  // Only plans that ask for nodes by name or label can be surprised.
  void WarnOfSharedAddresses() {
    const auto chooses = [](const Group* group) { return !group->nodes.empty() || !group->labels.empty(); };
    if (fleet_.shared().empty() || std::none_of(order_.begin(), order_.end(), chooses)) return;
    std::vector<std::string> texts;
    for (const auto& [address, holders] : fleet_.shared()) {
      texts.push_back(absl::StrCat(address.ToString(), " (", holders, " nodes)"));
    }
    warnings_.push_back(absl::StrCat("addresses that several nodes hold are no node's own: ", NameSome(texts)));
  }

  const Plan& plan_;
  const NodeIndex& fleet_;
  TextErrors& errors_;
  std::vector<std::string>& warnings_;
  const std::map<std::string, Group> groups_;
  // By place.
  std::vector<const Group*> order_;
  std::vector<std::vector<std::string>> absent_;
  std::vector<State> states_;
  GroupTable table_;
};

}  // namespace

GroupTable ResolveGroups(const Plan& plan, const NodeIndex& fleet, TextErrors& errors,
                         std::vector<std::string>& warnings) {
  return Resolver(plan, fleet, errors, warnings).Run();
}

}  // namespace faultline
