#include "controller/report/harmed_edges.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "common/timeline_codec.h"
#include "controller/report/summary.h"

namespace faultline {
namespace {

EdgeHarm HarmOf(const v1::EdgeVerdict& edge) {
  switch (edge.observed()) {
    case v1::REACH_CUT:
      return EdgeHarm::kCut;
    case v1::REACH_LOSSY:
      return EdgeHarm::kLossy;
    case v1::REACH_OPEN:
      return edge.has_planned_share() ? EdgeHarm::kImpaired : EdgeHarm::kNone;
    default:
      return EdgeHarm::kUnknown;
  }
}

bool IsHarmed(const HarmedEdge& edge) { return edge.harm != EdgeHarm::kNone || edge.wrong; }

HarmedEdge Read(const v1::EdgeVerdict& edge) {
  return {.from = edge.from(),
          .to = edge.to(),
          .families = {edge.family()},
          .harm = HarmOf(edge),
          .wrong = !Agrees(edge) && !IsUnknown(edge),
          .verdict = edge,
          .sight = SightOf(edge)};
}

bool SamePlan(const v1::EdgeVerdict& a, const v1::EdgeVerdict& b) {
  return a.planned_reachable() == b.planned_reachable() && a.has_planned_share() == b.has_planned_share() &&
         a.planned_share() == b.planned_share() &&
         DecodeDuration(a.planned_delay()).value_or(Duration(0)) ==
             DecodeDuration(b.planned_delay()).value_or(Duration(0));
}

bool Alike(const HarmedEdge& a, const HarmedEdge& b) {
  return a.harm == b.harm && a.wrong == b.wrong && SamePlan(a.verdict, b.verdict) && a.sight.added == b.sight.added;
}

void Join(HarmedEdge& edge, const HarmedEdge& other) {
  edge.families.insert(edge.families.end(), other.families.begin(), other.families.end());
  if (edge.sight.lost && other.sight.lost) edge.sight.lost = (*edge.sight.lost + *other.sight.lost) / 2;
  if (edge.sight.delay && other.sight.delay) edge.sight.delay = (*edge.sight.delay + *other.sight.delay) / 2;
}

// In steps, so that chance does not turn the order round every second.
constexpr double kLossStep = 0.05;
constexpr Duration kDelayStep = std::chrono::milliseconds(10);

bool Worse(const HarmedEdge& a, const HarmedEdge& b) {
  const auto rank = [](const HarmedEdge& edge) {
    return std::tuple(!edge.wrong, edge.harm == EdgeHarm::kUnknown,
                      -std::lround(edge.sight.lost.value_or(0) / kLossStep),
                      -(edge.sight.delay.value_or(Duration(0)) / kDelayStep));
  };
  return rank(a) < rank(b);
}

using Direction = std::pair<std::string, std::string>;

}  // namespace

std::vector<HarmedEdge> HarmedEdgesOf(const v1::StageVerdict& stage) {
  std::map<Direction, std::vector<HarmedEdge>> directions;
  for (const v1::EdgeVerdict& verdict : stage.edges()) {
    std::vector<HarmedEdge>& edges = directions[{verdict.from(), verdict.to()}];
    HarmedEdge edge = Read(verdict);
    const auto same = std::ranges::find_if(edges, [&](const HarmedEdge& other) { return Alike(edge, other); });
    if (same == edges.end()) {
      edges.push_back(std::move(edge));
    } else {
      Join(*same, edge);
    }
  }
  std::vector<HarmedEdge> harmed;
  for (auto& [direction, edges] : directions) {
    for (HarmedEdge& edge : edges) {
      edge.all_families = edges.size() == 1;
      if (IsHarmed(edge)) harmed.push_back(std::move(edge));
    }
  }
  std::ranges::stable_sort(harmed, Worse);
  return harmed;
}

std::size_t CountDirections(const v1::StageVerdict& stage) {
  std::set<std::pair<absl::string_view, absl::string_view>> directions;
  for (const v1::EdgeVerdict& edge : stage.edges()) directions.emplace(edge.from(), edge.to());
  return directions.size();
}

}  // namespace faultline
