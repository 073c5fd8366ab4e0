#pragma once

#include <string>

#include "tests/unit/report/stage_samples.h"

namespace faultline {

inline void AddTransition(v1::NodeRun& node, std::uint32_t step, v1::Transition kind, Duration planned, Duration late) {
  v1::StepTransition& transition = *node.add_transitions();
  transition.set_step(step);
  transition.set_transition(kind);
  *transition.mutable_planned() = EncodeDuration(planned);
  *transition.mutable_actual() = EncodeDuration(planned + late);
}

inline void AddNode(v1::Run& run, const std::string& name, Duration late, std::uint64_t packets) {
  using std::chrono::seconds;
  v1::NodeRun& node = *run.add_nodes();
  node.set_node(name);
  AddTransition(node, 0, v1::TRANSITION_FIRED, seconds(10), late);
  AddTransition(node, 0, v1::TRANSITION_HEALED, seconds(30), late + std::chrono::microseconds(70));
  AddTransition(node, 1, v1::TRANSITION_FIRED, seconds(30), late);
  AddTransition(node, 1, v1::TRANSITION_HEALED, seconds(60), late);
  *node.mutable_clock_error() = EncodeDuration(std::chrono::microseconds(late.count() > 200'000 ? 120 : 80));
  node.mutable_outcome()->set_end(v1::NODE_END_COMPLETED);
  *node.mutable_outcome()->mutable_at() = EncodeDuration(seconds(63) + std::chrono::microseconds(1));
  for (const std::uint32_t step : {0u, 1u}) {
    v1::StepCounters& counters = *node.mutable_outcome()->add_counters();
    counters.set_step(step);
    counters.set_packets(packets);
  }
}

// Probes showed the first step to take on the way from lon-1 to par-1, over IPv4.
inline void SetTaken(v1::Run& run, Duration planned, Duration earliest, Duration latest) {
  v1::ObservedTransition& taken = *run.add_observed_transitions();
  taken.set_transition(v1::TRANSITION_FIRED);
  *taken.mutable_planned() = EncodeDuration(planned);
  taken.set_changing_edges(2);
  v1::EdgeInstant& edge = *taken.add_edges();
  edge.set_from("lon-1");
  edge.set_to("par-1");
  edge.set_family(v1::FAMILY_IPV4);
  *edge.mutable_earliest() = EncodeDuration(planned + earliest);
  *edge.mutable_latest() = EncodeDuration(planned + latest);
}

// The demo's plan on two nodes, verified.
inline v1::Run SampleRun() {
  using std::chrono::microseconds;
  v1::Run run;
  run.set_id("split-brain-3");
  run.set_plan_name("split-brain");
  run.set_seed(7);
  run.set_state(v1::RUN_STATE_ENDED);
  run.set_outcome(v1::OUTCOME_VERIFIED);
  run.set_summary("every observation equalled the plan: 2 stages, 8 edges");
  run.mutable_created()->set_seconds(1704067200);
  run.mutable_started()->set_seconds(1704067202);
  run.mutable_ended()->set_seconds(1704067266);
  *run.mutable_length() = EncodeDuration(std::chrono::seconds(63));
  run.add_step_names("one-way");
  run.add_step_names("split");
  AddNode(run, "lon-1", microseconds(100), 0);
  AddNode(run, "par-1", microseconds(350), 180);
  *run.add_stages() = OpenStage(1);
  run.mutable_stages(0)->set_name("baseline");
  *run.add_stages() = OneWayStage(1);
  return run;
}

}  // namespace faultline
