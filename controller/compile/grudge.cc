#include "controller/compile/grudge.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/compile/ends.h"
#include "controller/compile/lack.h"
#include "controller/compile/lot.h"

namespace faultline {
namespace {

absl::string_view NameOf(Shape::Kind kind) {
  switch (kind) {
    case Shape::Kind::kHalves:
      return "halves";
    case Shape::Kind::kBridge:
      return "bridge";
    case Shape::Kind::kMajoritiesRing:
      return "majorities-ring";
    case Shape::Kind::kIslands:
      return "islands";
  }
  return "";
}

// The places, by the order they were drawn in.
Places Drawn(const Places& places, const Places& order) {
  Places drawn;
  drawn.reserve(places.size());
  for (const std::size_t place : places) drawn.push_back(order[place]);
  return drawn;
}

std::vector<std::string> NamesOf(const Places& places, const Membership& of, const NodeIndex& fleet) {
  std::vector<std::string> names;
  names.reserve(places.size());
  for (const std::size_t place : places) names.push_back(fleet.names()[of.members[place].node]);
  return names;
}

// Of many only the first few are looked at.
std::string NamePlaces(const Places& places, const Membership& of, const NodeIndex& fleet) {
  constexpr std::size_t kMost = 5;
  const Places first(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(std::min(kMost, places.size())));
  std::string name = absl::StrJoin(NamesOf(first, of, fleet), ", ");
  if (first.size() < places.size()) absl::StrAppend(&name, " and ", places.size() - first.size(), " more");
  return name;
}

}  // namespace

Lowered Grudges::Lower(const PlanStep& step) {
  return std::visit([&](const auto& ends) { return LowerEnds(step, ends); }, step.ends);
}

Lowered Grudges::LowerEnds(const PlanStep& /*step*/, const OneWay& one_way) const {
  Lowered lowered;
  lowered.edges = {{NumberOf(one_way.from), NumberOf(one_way.to)}};
  return lowered;
}

Lowered Grudges::LowerEnds(const PlanStep& /*step*/, const Between& between) const {
  std::vector<std::size_t> groups;
  for (const std::string& name : between.groups) groups.push_back(NumberOf(name));
  Lowered lowered;
  lowered.edges.reserve(EdgeCount(between));
  for (std::size_t from = 0; from < groups.size(); ++from) {
    for (std::size_t to = 0; to < groups.size(); ++to) {
      if (from != to) lowered.edges.push_back({groups[from], groups[to]});
    }
  }
  return lowered;
}

Lowered Grudges::LowerEnds(const PlanStep& step, const Isolate& isolate) {
  Lowered lowered;
  const std::size_t group = NumberOf(isolate.group);
  if ((*this)[group].addresses.empty()) return lowered;
  if (!isolate.from) {
    const std::size_t outside = OutsideOf(group);
    if ((*this)[outside].addresses.empty()) {
      lowered.error = absl::StrCat("nothing is outside of group '", isolate.group, "' to isolate it from");
    } else {
      // Else every node of the fleet would have a part in it. Impairments of one packet at both its ends would add up.
      const bool cut = !std::holds_alternative<Impairment>(step.effect);
      lowered.edges = {{group, outside, cut ? Preference::kSenders : Preference::kReceivers}, {outside, group}};
    }
    return lowered;
  }
  const std::size_t from = NumberOf(*isolate.from);
  if ((*this)[from].addresses.empty()) return lowered;
  const std::size_t others = WithoutMembers(from, group);
  if ((*this)[others].addresses.empty()) {
    lowered.error =
        absl::StrCat("group '", *isolate.from, "' has nothing outside of '", isolate.group, "' to isolate it from");
  } else {
    lowered.edges = {{group, others}, {others, group}};
  }
  return lowered;
}

Lowered Grudges::LowerEnds(const PlanStep& step, const Shape& shape) {
  Lowered lowered;
  const std::size_t group = NumberOf(shape.of);
  if ((*this)[group].addresses.empty()) return lowered;
  const Places order = Draw(step, group);
  if (order.size() < LeastHosts(shape)) {
    lowered.error = absl::StrCat("'", NameOf(shape.kind), "' needs at least ", LeastHosts(shape), " nodes; group '",
                                 shape.of, "' has ", order.size());
    return lowered;
  }
  members_ += EndsOf(shape, order.size());
  if (members_ > kMostMembers) {
    lowered.error = absl::StrCat("the plan's shapes are made of more than ", kMostMembers,
                                 " ends; use smaller groups or fewer steps");
    return lowered;
  }
  const ShapedPlaces shaped = ShapeOf(shape, order.size());
  for (const PlacesCut& cut : shaped.cuts) {
    const std::size_t from = PartNumber(group, Drawn(cut.from, order));
    lowered.edges.push_back({from, PartNumber(group, Drawn(cut.to, order))});
  }
  DescribeParts(step, shape, (*this)[group], order, shaped.parts, lowered);
  return lowered;
}

std::size_t Grudges::OutsideOf(std::size_t group) {
  const Membership& of = (*this)[group];
  const auto [number, fresh] = Number({Kind::kOutside, group, 0, {}});
  if (fresh) AddUnnamed(absl::StrCat("everything outside of ", of.name), Outside(of));
  return number;
}

std::size_t Grudges::WithoutMembers(std::size_t whole, std::size_t part) {
  const Membership& of = (*this)[whole];
  const Membership& away = (*this)[part];
  const Selection& selection = table_.selections[whole];
  const Selection left = Without(selection, away, fleet_);
  if (left.cidrs == selection.cidrs && left.chosen.size() == selection.chosen.size()) return whole;
  const auto [number, fresh] = Number({Kind::kWithout, whole, part, {}});
  if (fresh) AddUnnamed(absl::StrCat(of.name, " without ", away.name), left);
  return number;
}

std::size_t Grudges::PartNumber(std::size_t group, Places places) {
  std::sort(places.begin(), places.end());
  const Membership& of = (*this)[group];
  const Selection part = PartOf(of, places, fleet_);
  std::string name = NamePlaces(places, of, fleet_);
  const auto [number, fresh] = Number({Kind::kPart, group, 0, std::move(places)});
  if (fresh) AddUnnamed(std::move(name), part);
  return number;
}

std::pair<std::size_t, bool> Grudges::Number(Key key) {
  const auto [entry, fresh] = numbers_.try_emplace(std::move(key), table_.memberships.size() + unnamed_.size());
  return {entry->second, fresh};
}

void Grudges::AddUnnamed(std::string name, const Selection& selection) {
  unnamed_.push_back(MembershipOf(std::move(name), selection, fleet_));
}

Places Grudges::Draw(const PlanStep& step, std::size_t group) const {
  const Membership& of = (*this)[group];
  const Places places = Drawable(of, fleet_);
  std::vector<absl::string_view> names;
  for (const std::size_t place : places) names.push_back(fleet_.names()[of.members[place].node]);
  return Drawn(DrawOrder(seed_, absl::StrCat("step ", step.name), names), places);
}

void Grudges::DescribeParts(const PlanStep& step, const Shape& shape, const Membership& of, const Places& order,
                            const std::vector<Places>& parts, Lowered& lowered) const {
  const bool ring = shape.kind == Shape::Kind::kMajoritiesRing;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::vector<std::string> names = NamesOf(Drawn(parts[i], order), of, fleet_);
    if (!ring) std::sort(names.begin(), names.end());
    const bool middle = shape.kind == Shape::Kind::kBridge && i + 1 == parts.size();
    texts.push_back(absl::StrCat(NameSome(names, kMostDrawnNames), middle ? " in the middle" : ""));
    const std::string part = ring ? "ring" : middle ? "middle" : absl::StrCat(i + 1);
    lowered.parts.push_back({.name = absl::StrCat(step.name, ".", part), .nodes = std::move(names), .cidrs = {}});
  }
  lowered.drawn = absl::StrCat(step.name, ": ", absl::StrJoin(texts, " | "), ring ? " in a ring" : "");
}

}  // namespace faultline
