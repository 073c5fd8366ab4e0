#pragma once

#include <string>

#include "common/timeline_codec.h"
#include "faultline/v1/event.pb.h"

namespace faultline {

// An event of a kind that the controller's log has, with all that one of its kind has. Its number is its kind's; it
// happened three seconds after the T0 of SampleRun, at par-1 where it is about a node.
inline v1::Event LoggedEvent(v1::EventKind kind) {
  using std::chrono::microseconds;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  v1::Event event;
  event.set_number(static_cast<std::uint64_t>(kind));
  event.mutable_time()->set_seconds(1704067205);
  event.set_kind(kind);
  event.set_run_id("split-brain-3");
  const auto of_node = [&event](const std::string& text) {
    event.clear_run_id();
    event.set_node("par-1");
    event.set_text(text);
  };
  const auto on_node = [&event](const std::string& text) {
    event.set_node("par-1");
    event.set_text(text);
  };
  switch (kind) {
    case v1::EVENT_KIND_NODE_CONNECTED:
      of_node("Linux 6.1, 172.33.0.1");
      break;
    case v1::EVENT_KIND_NODE_LOST:
      of_node("its session ended");
      break;
    case v1::EVENT_KIND_NODE_CHANGED:
      of_node("came: region=eu");
      break;
    case v1::EVENT_KIND_OBSERVATIONS_DROPPED:
      of_node("7 windows were lost there");
      break;
    case v1::EVENT_KIND_RUN_WAITING:
      event.set_text("until 2024-01-01T00:00:06Z");
      break;
    case v1::EVENT_KIND_RUN_ARMED:
      event.set_text("on 2 nodes");
      break;
    case v1::EVENT_KIND_RUN_FIRED:
      event.set_text("T0 is in 500ms");
      break;
    case v1::EVENT_KIND_RUN_HELD:
      event.set_text("one-way is to be observed as planned first");
      break;
    case v1::EVENT_KIND_RUN_PROCEEDED:
      event.set_text("one-way was observed as planned; it lasts 4s longer");
      break;
    case v1::EVENT_KIND_STEP_FIRED:
    case v1::EVENT_KIND_STEP_HEALED: {
      on_node("one-way");
      v1::StepTransition& transition = *event.mutable_transition();
      transition.set_transition(kind == v1::EVENT_KIND_STEP_FIRED ? v1::TRANSITION_FIRED : v1::TRANSITION_HEALED);
      *transition.mutable_planned() = EncodeDuration(seconds(10));
      *transition.mutable_actual() = EncodeDuration(seconds(10) + microseconds(350));
      *transition.mutable_kernel_time() = EncodeDuration(microseconds(210));
      *event.mutable_lateness() = EncodeDuration(microseconds(350));
      break;
    }
    case v1::EVENT_KIND_NODE_ENDED:
    case v1::EVENT_KIND_LEASE_LOST: {
      on_node("for people");
      v1::NodeOutcome& outcome = *event.mutable_node_outcome();
      outcome.set_end(kind == v1::EVENT_KIND_NODE_ENDED ? v1::NODE_END_COMPLETED : v1::NODE_END_LEASE_LOST);
      *outcome.mutable_at() = EncodeDuration(seconds(63));
      outcome.add_counters()->set_packets(40);
      outcome.add_counters()->set_packets(2);
      outcome.mutable_residue()->set_finding(v1::RESIDUE_FINDING_EQUAL);
      break;
    }
    case v1::EVENT_KIND_RUN_ENDED:
      event.set_text("stage split: 2 edges");
      event.set_outcome(v1::OUTCOME_NOT_VERIFIED);
      break;
    case v1::EVENT_KIND_GUARD_FAILED:
      event.set_text("for people");
      event.mutable_guard_check()->set_name("quorum");
      event.mutable_guard_check()->set_detail("status 503");
      *event.mutable_guard_check()->mutable_at() = EncodeDuration(-milliseconds(1500));
      break;
    case v1::EVENT_KIND_FOREIGN_CHANGE:
      on_node("for people");
      event.mutable_foreign_change()->set_text("device fl0 was deleted");
      *event.mutable_foreign_change()->mutable_at() = EncodeDuration(seconds(12));
      break;
    default:
      break;
  }
  return event;
}

}  // namespace faultline
