#include "controller/report/run_figures.h"

#include <algorithm>

#include "common/timeline_codec.h"
#include "controller/report/lateness.h"

namespace faultline {
namespace {

// Least and greatest moment of one kind that any node reported, and the greatest lateness.
struct Extent {
  std::optional<Duration> planned;
  std::optional<Duration> first;
  std::optional<Duration> last;
  std::optional<Duration> latest;

  void Add(Duration planned_at, Duration actual, const std::optional<Duration>& late) {
    planned = planned_at;
    first = std::min(first.value_or(actual), actual);
    last = std::max(last.value_or(actual), actual);
    if (late) latest = std::max(latest.value_or(*late), *late);
  }
};

Extent ExtentOf(const v1::Run& run, std::uint32_t step, v1::Transition kind) {
  Extent extent;
  for (const v1::NodeRun& node : run.nodes()) {
    for (const v1::StepTransition& transition : node.transitions()) {
      if (transition.step() != step || transition.transition() != kind) continue;
      const absl::StatusOr<Duration> planned = DecodeDuration(transition.planned());
      const absl::StatusOr<Duration> actual = DecodeDuration(transition.actual());
      if (planned.ok() && actual.ok()) extent.Add(*planned, *actual, LatenessOf(run, node, transition));
    }
  }
  return extent;
}

std::optional<ObservedFigures> ObservedOf(const v1::Run& run, std::uint32_t step, v1::Transition kind) {
  for (const v1::ObservedTransition& observed : run.observed_transitions()) {
    if (observed.step() != step || observed.transition() != kind) continue;
    ObservedFigures figures = {.probed = static_cast<std::uint32_t>(observed.edges_size()),
                               .changing = observed.changing_edges()};
    const absl::StatusOr<Duration> planned = DecodeDuration(observed.planned());
    for (const v1::EdgeInstant& edge : observed.edges()) {
      const absl::StatusOr<Duration> earliest = DecodeDuration(edge.earliest());
      const absl::StatusOr<Duration> latest = DecodeDuration(edge.latest());
      if (!edge.has_latest() || !planned.ok() || !earliest.ok() || !latest.ok()) continue;
      ++figures.seen;
      figures.within = std::max(figures.within.value_or(*latest - *planned), *latest - *planned);
      figures.resolution = std::max(figures.resolution.value_or(*latest - *earliest), *latest - *earliest);
    }
    return figures;
  }
  return std::nullopt;
}

// The last word of a node, or what it has counted so far.
const google::protobuf::RepeatedPtrField<v1::StepCounters>& CountersOfNode(const v1::NodeRun& node) {
  return node.outcome().counters().empty() ? node.counters() : node.outcome().counters();
}

void AddLanes(const v1::Run& run, std::uint32_t step, StepFigures& figures) {
  for (const v1::NodeRun& node : run.nodes()) {
    for (const v1::StepCounters& counters : CountersOfNode(node)) {
      if (counters.step() != step) continue;
      figures.passed += counters.passed();
      figures.lost += counters.lost();
      figures.overflowed += counters.overflowed();
    }
  }
}

}  // namespace

std::optional<std::uint64_t> PacketsOf(const v1::Run& run, std::uint32_t step) {
  std::optional<std::uint64_t> packets;
  for (const v1::NodeRun& node : run.nodes()) {
    for (const v1::StepCounters& counters : CountersOfNode(node)) {
      if (counters.step() == step) packets = packets.value_or(0) + counters.packets();
    }
  }
  return packets;
}

std::vector<StepFigures> FiguresOf(const v1::Run& run) {
  std::vector<StepFigures> steps;
  for (int i = 0; i < run.step_names_size(); ++i) {
    const auto index = static_cast<std::uint32_t>(i);
    const Extent fired = ExtentOf(run, index, v1::TRANSITION_FIRED);
    const Extent healed = ExtentOf(run, index, v1::TRANSITION_HEALED);
    StepFigures& step = steps.emplace_back();
    step.name = run.step_names(i);
    step.at = fired.planned;
    if (fired.planned && healed.planned) step.length = *healed.planned - *fired.planned;
    step.fired_late = fired.latest;
    step.healed_late = healed.latest;
    step.observed_fired = ObservedOf(run, index, v1::TRANSITION_FIRED);
    step.observed_healed = ObservedOf(run, index, v1::TRANSITION_HEALED);
    if (fired.first) step.skew = *fired.last - *fired.first;
    if (i < run.step_effects_size()) step.effect = run.step_effects(i);
    step.packets = PacketsOf(run, index);
    AddLanes(run, index, step);
  }
  return steps;
}

std::optional<Duration> WorstClockError(const v1::Run& run) {
  std::optional<Duration> worst;
  for (const v1::NodeRun& node : run.nodes()) {
    const absl::StatusOr<Duration> error = DecodeDuration(node.clock_error());
    if (node.has_clock_error() && error.ok()) worst = std::max(worst.value_or(*error), *error);
  }
  return worst;
}

}  // namespace faultline
