#include "controller/report/boundary_plan.h"

#include <algorithm>
#include <optional>
#include <random>
#include <set>

#include "common/timeline_codec.h"

namespace faultline {
namespace {

// All that has to be known of a direction to say what a boundary does to it.
struct BoundaryDirection {
  const Timeline* sender = nullptr;
  const Timeline* receiver = nullptr;
  Packet probe;

  Acting ActingIn(const Stage& stage) const {
    Acting acting;
    AddActing({.sender = sender, .receiver = receiver}, probe, stage.active, acting);
    return acting;
  }
};

// Whether everything arrives, or nothing, all the time; none: neither.
std::optional<bool> PlainlyOpen(const Acting& acting, Duration start, Duration end) {
  const Prediction there = Forecast(acting, start, end).OverAll();
  return there.Plain() ? std::optional<bool>(there.arrives > 0) : std::nullopt;
}

bool Drops(const Step& step) { return !std::holds_alternative<Impairment>(step.effect); }

// The first step of those that acts as a cut and of which `matches` holds.
template <typename Matches>
std::optional<StepIndex> CuttingStep(const Acting& acting, Matches matches) {
  for (const auto* steps : {&acting.at_receiver, &acting.at_sender}) {
    for (const ActingStep& entry : *steps) {
      if (Drops(*entry.step) && matches(*entry.step)) return entry.step->index;
    }
  }
  return std::nullopt;
}

// A kernel answers a sender's rejected packets a few times a second at most: those answers are the applications'.
bool AnyRejects(const Acting& acting) {
  const auto rejects = [](const ActingStep& entry) { return std::holds_alternative<Reject>(entry.step->effect); };
  return std::ranges::any_of(acting.at_receiver, rejects) || std::ranges::any_of(acting.at_sender, rejects);
}

std::optional<BoundaryEdge> ChangeOf(const ProbeEdge& edge, const BoundaryDirection& direction, const Stage& before,
                                     const Stage& after, const Boundary& boundary) {
  const Acting then = direction.ActingIn(before);
  const Acting next = direction.ActingIn(after);
  if (AnyRejects(then) || AnyRejects(next)) return std::nullopt;
  const std::optional<bool> was_open = PlainlyOpen(then, std::min(boundary.start, boundary.at), boundary.at);
  const std::optional<bool> is_open = PlainlyOpen(next, boundary.at, boundary.start + boundary.length);
  if (!was_open || !is_open || *was_open == *is_open) return std::nullopt;
  const std::optional<StepIndex> step =
      *was_open ? CuttingStep(next, [&](const Step& cutting) { return cutting.at == boundary.at; })
                : CuttingStep(then, [&](const Step& cutting) { return cutting.end() == boundary.at; });
  if (!step) return std::nullopt;
  return BoundaryEdge{
      .edge = edge, .step = *step, .transition = *was_open ? v1::TRANSITION_FIRED : v1::TRANSITION_HEALED};
}

// Their bursts do not meet.
std::vector<Boundary> BoundariesOf(std::span<const Stage> stages) {
  std::vector<Boundary> boundaries;
  for (std::size_t i = 1; i < stages.size(); ++i) {
    const Duration at = stages[i].start;
    Duration start = at - kBurstBefore;
    if (!boundaries.empty()) {
      Boundary& last = boundaries.back();
      start = std::max(start, last.at + (at - last.at) / 2);
      last.length = std::min(last.length, start - last.start);
    }
    boundaries.push_back({.at = at, .start = start, .length = at + kBurstAfter - start});
  }
  for (Boundary& boundary : boundaries) boundary.length -= boundary.length % std::chrono::milliseconds(1);
  return boundaries;
}

// Draws those that a burst can do. The order they come in does not matter.
void DrawEdges(std::uint64_t seed, std::vector<BoundaryEdge>& edges) {
  std::ranges::sort(edges, {}, &BoundaryEdge::edge);
  std::map<NodeName, std::size_t> out;
  std::map<NodeName, std::size_t> in;
  std::vector<BoundaryEdge> drawn;
  std::mt19937_64 random(seed);
  for (std::size_t left = edges.size(); left > 0 && drawn.size() < kMostBurstEdges; --left) {
    std::swap(edges[random() % left], edges[left - 1]);
    const BoundaryEdge& edge = edges[left - 1];
    if (out[edge.edge.from] >= kMostBurstEdgesPerNode || in[edge.edge.to] >= kMostBurstEdgesPerNode) continue;
    ++out[edge.edge.from];
    ++in[edge.edge.to];
    drawn.push_back(edge);
  }
  std::ranges::sort(drawn, {}, &BoundaryEdge::edge);
  edges = std::move(drawn);
}

v1::BurstEnd EncodeEnd(const NodeName& peer, Family family) {
  v1::BurstEnd end;
  end.set_peer(peer.text());
  end.set_family(family == Family::kIpv4 ? v1::FAMILY_IPV4 : v1::FAMILY_IPV6);
  return end;
}

}  // namespace

std::vector<Boundary> PlanBoundaries(std::span<const Stage> stages, const ProbedRun& run, std::uint64_t seed) {
  std::vector<Boundary> boundaries = BoundariesOf(stages);
  ForEachProbed(run.nodes, run.pairs, [&](const ProbeNode& from, const ProbeNode& to, Family family) {
    const BoundaryDirection direction = {.sender = TimelineOf(run.timelines, from.name),
                                         .receiver = TimelineOf(run.timelines, to.name),
                                         .probe = ProbeOf(from, to, family, run.probe_port)};
    const ProbeEdge edge = {.from = from.name, .to = to.name, .family = family};
    for (std::size_t i = 0; i < boundaries.size(); ++i) {
      const std::optional<BoundaryEdge> change = ChangeOf(edge, direction, stages[i], stages[i + 1], boundaries[i]);
      if (!change) continue;
      ++boundaries[i].changing[{change->step, change->transition}];
      boundaries[i].edges.push_back(*change);
    }
  });
  std::erase_if(boundaries, [](const Boundary& boundary) { return boundary.edges.empty(); });
  if (boundaries.size() > kMostBoundaries) boundaries.resize(kMostBoundaries);
  for (std::size_t i = 0; i < boundaries.size(); ++i) DrawEdges(seed + i, boundaries[i].edges);
  return boundaries;
}

std::map<NodeName, v1::ProbeBursts> BurstsOf(const std::string& run_id, ControllerTime t0,
                                             std::span<const Boundary> boundaries) {
  std::map<NodeName, v1::ProbeBursts> bursts;
  for (std::uint32_t number = 0; number < boundaries.size(); ++number) {
    const Boundary& boundary = boundaries[number];
    const auto part_of = [&](const NodeName& node) -> v1::ProbeBurst& {
      v1::ProbeBursts& all = bursts[node];
      all.set_run_id(run_id);
      if (all.bursts().empty() || all.bursts().rbegin()->number() != number) {
        v1::ProbeBurst& burst = *all.add_bursts();
        burst.set_number(number);
        *burst.mutable_start() = EncodeDuration((t0 + boundary.start).time_since_epoch());
        *burst.mutable_length() = EncodeDuration(boundary.length);
        *burst.mutable_interval() = EncodeDuration(kBurstInterval);
      }
      return *all.mutable_bursts()->rbegin();
    };
    for (const BoundaryEdge& change : boundary.edges) {
      const ProbeEdge& edge = change.edge;
      *part_of(edge.from).add_to() = EncodeEnd(edge.to, edge.family);
      *part_of(edge.to).add_from() = EncodeEnd(edge.from, edge.family);
    }
  }
  return bursts;
}

}  // namespace faultline
