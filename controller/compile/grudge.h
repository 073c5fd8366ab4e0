#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "controller/compile/enforcement.h"
#include "controller/compile/group_resolver.h"
#include "controller/compile/membership.h"
#include "controller/compile/resolved_group.h"
#include "controller/compile/shapes.h"
#include "controller/plan/plan.h"

namespace faultline {

// A grudge: a fault on what one set of hosts sends to another, each known by its number in Grudges.
struct Edge {
  std::size_t from = 0;
  std::size_t to = 0;
  Preference preference = Preference::kReceivers;

  friend auto operator<=>(const Edge&, const Edge&) = default;
};

// The edges of one step.
struct Lowered {
  // In a fixed order.
  std::vector<Edge> edges;
  // What was drawn, by the names "STEP.1", "STEP.2", "STEP.middle" and "STEP.ring".
  std::vector<ResolvedGroup> parts;
  // The same in words: "split: lon-1, par-2 | lon-2, par-1"; empty: nothing was drawn.
  std::string drawn;
  // Why there are no edges; empty: there are, unless one of the step's groups is bad.
  std::string error;
};

// Turns what steps say of their ends into edges between sets of hosts: the plan's groups by their place in the table,
// and sets without a name that steps need, each made once. Not thread-safe.
class Grudges {
 public:
  // Beyond this many members of unnamed sets, all steps taken together, steps are refused.
  static constexpr std::size_t kMostMembers = 2'000'000;

  // `table` and `fleet` must outlive this.
  Grudges(const GroupTable& table, const NodeIndex& fleet, std::uint64_t seed)
      : table_(table), fleet_(fleet), seed_(seed) {}

  // A shape is drawn for each step by itself, from the plan's seed and the step's name. REQUIRES: every group exists.
  Lowered Lower(const PlanStep& step);
  // Valid until Lower is called again.
  const Membership& operator[](std::size_t number) const {
    return number < table_.memberships.size() ? table_.memberships[number]
                                              : unnamed_[number - table_.memberships.size()];
  }
  // Whether the number is that of a group of the plan.
  bool Named(std::size_t number) const { return number < table_.memberships.size(); }

 private:
  enum class Kind : std::uint8_t { kOutside, kWithout, kPart };
  // Of kOutside and kPart the group; of kWithout the group, then what is taken away; of kPart the members' places.
  using Key = std::tuple<Kind, std::size_t, std::size_t, Places>;

  std::size_t NumberOf(const std::string& group) const { return table_.index.find(group)->second; }
  Lowered LowerEnds(const PlanStep& step, const OneWay& one_way) const;
  Lowered LowerEnds(const PlanStep& step, const Between& between) const;
  Lowered LowerEnds(const PlanStep& step, const Isolate& isolate);
  Lowered LowerEnds(const PlanStep& step, const Shape& shape);
  std::size_t OutsideOf(std::size_t group);
  std::size_t WithoutMembers(std::size_t whole, std::size_t part);
  std::size_t PartNumber(std::size_t group, Places places);
  // Of a set without a name; true: it is new, and AddUnnamed must come next.
  std::pair<std::size_t, bool> Number(Key key);
  void AddUnnamed(std::string name, const Selection& selection);
  // The drawable members of a group, in the order of their lots for this step.
  Places Draw(const PlanStep& step, std::size_t group) const;
  void DescribeParts(const PlanStep& step, const Shape& shape, const Membership& of, const Places& order,
                     const std::vector<Places>& parts, Lowered& lowered) const;

  const GroupTable& table_;
  const NodeIndex& fleet_;
  const std::uint64_t seed_;
  std::vector<Membership> unnamed_;
  std::map<Key, std::size_t> numbers_;
  std::size_t members_ = 0;
};

}  // namespace faultline
