#include "controller/report/edge_instants.h"

#include <map>

#include "common/timeline_codec.h"

namespace faultline {
namespace {

v1::EdgeInstant EncodeEdge(const ProbeEdge& edge) {
  v1::EdgeInstant instant;
  instant.set_from(edge.from.text());
  instant.set_to(edge.to.text());
  instant.set_family(edge.family == Family::kIpv4 ? v1::FAMILY_IPV4 : v1::FAMILY_IPV6);
  return instant;
}

}  // namespace

void AddObservedTransitions(std::span<const Boundary> boundaries, Duration at, ControllerTime t0,
                            const BurstLog& bursts, const ProbeLog& probes, v1::Run& run) {
  for (std::size_t i = 0; i < boundaries.size(); ++i) {
    const Boundary& boundary = boundaries[i];
    if (boundary.at != at) continue;
    std::map<std::pair<StepIndex, v1::Transition>, v1::ObservedTransition> observed;
    for (const auto& [which, edges] : boundary.changing) {
      v1::ObservedTransition& transition = observed[which];
      transition.set_step(which.first);
      transition.set_transition(which.second);
      *transition.mutable_planned() = EncodeDuration(boundary.at);
      transition.set_changing_edges(edges);
    }
    const ControllerTime start = t0 + boundary.start;
    for (const BoundaryEdge& change : boundary.edges) {
      v1::EdgeInstant& instant = *observed[{change.step, change.transition}].add_edges() = EncodeEdge(change.edge);
      const auto turned = FindTurningPoint(bursts.MarksOf(run.id(), i, change.edge),
                                           /*to_cut=*/change.transition == v1::TRANSITION_FIRED);
      const std::optional<Duration> delay =
          probes.Sum(change.edge, start - probes.window(), start + boundary.length + probes.window()).min_delay;
      if (!turned || !delay) continue;
      *instant.mutable_earliest() = EncodeDuration(boundary.start + turned->earliest + *delay);
      *instant.mutable_latest() = EncodeDuration(boundary.start + turned->latest + *delay);
    }
    for (auto& [which, transition] : observed) *run.add_observed_transitions() = std::move(transition);
  }
}

}  // namespace faultline
