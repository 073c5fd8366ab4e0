#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"
#include "controller/report/lateness.h"
#include "controller/report/residue.h"
#include "controller/report/run_words.h"
#include "controller/run/coordinator.h"
#include "controller/schedule/wall_time.h"

namespace faultline {
namespace {

v1::Event MakeEvent(v1::EventKind kind, const v1::Run& run) {
  v1::Event event;
  event.set_kind(kind);
  event.set_run_id(run.id());
  return event;
}

// A moment that a node reports counts from T0. Absent: now.
void SetMoment(const google::protobuf::Duration& after_t0, const v1::Run& run, v1::Event& event) {
  const absl::StatusOr<Duration> after = DecodeDuration(after_t0);
  if (run.has_started() && after.ok()) *event.mutable_time() = EncodeWall(DecodeWall(run.started()) + *after);
}

}  // namespace

void Coordinator::Tell(v1::EventKind kind, const ActiveRun& run, std::string text) {
  v1::Event event = MakeEvent(kind, run.record);
  event.set_text(std::move(text));
  events_.Add(std::move(event));
}

void Coordinator::TellWaiting(const ActiveRun& run) {
  const std::string why =
      run.record.summary().empty() && run.due ? absl::StrCat("until ", FormatWall(*run.due)) : run.record.summary();
  Tell(v1::EVENT_KIND_RUN_WAITING, run, why);
}

void Coordinator::TellStep(const ActiveRun& run, const v1::NodeRun& part, const v1::StepTransition& transition) {
  const bool fired = transition.transition() == v1::TRANSITION_FIRED;
  v1::Event event = MakeEvent(fired ? v1::EVENT_KIND_STEP_FIRED : v1::EVENT_KIND_STEP_HEALED, run.record);
  event.set_node(part.node());
  *event.mutable_transition() = transition;
  if (transition.step() < static_cast<std::uint32_t>(run.record.step_names_size())) {
    event.set_text(run.record.step_names(static_cast<int>(transition.step())));
  }
  SetMoment(transition.actual(), run.record, event);
  const std::optional<Duration> late = LatenessOf(run.record, part, transition);
  if (late) *event.mutable_lateness() = EncodeDuration(*late);
  events_.Add(std::move(event));
}

void Coordinator::TellNodeEnd(const ActiveRun& run, const NodeName& node, const v1::NodeOutcome& outcome) {
  const bool lease_lost = outcome.end() == v1::NODE_END_LEASE_LOST;
  v1::Event event = MakeEvent(lease_lost ? v1::EVENT_KIND_LEASE_LOST : v1::EVENT_KIND_NODE_ENDED, run.record);
  event.set_node(node.text());
  event.set_text(std::string(WordOf(outcome.end())));
  if (!outcome.detail().empty()) absl::StrAppend(event.mutable_text(), ": ", outcome.detail());
  if (outcome.residue().finding() == v1::RESIDUE_FINDING_LEFT) {
    absl::StrAppend(event.mutable_text(), "; residue ", ResidueText(outcome));
  }
  if (outcome.has_at()) SetMoment(outcome.at(), run.record, event);
  *event.mutable_node_outcome() = outcome;
  events_.Add(std::move(event));
}

void Coordinator::TellForeignChange(const ActiveRun& run, const NodeName& node, const v1::ForeignChange& change) {
  v1::Event event = MakeEvent(v1::EVENT_KIND_FOREIGN_CHANGE, run.record);
  event.set_node(node.text());
  event.set_text(change.text());
  *event.mutable_foreign_change() = change;
  if (change.has_at()) SetMoment(change.at(), run.record, event);
  events_.Add(std::move(event));
}

void Coordinator::TellEnd(const ActiveRun& run) {
  v1::Event event = MakeEvent(v1::EVENT_KIND_RUN_ENDED, run.record);
  event.set_text(run.record.summary());
  event.set_outcome(run.record.outcome());
  *event.mutable_time() = run.record.ended();
  events_.Add(std::move(event));
}

void Coordinator::TellGuards(const ActiveRun& run, int from) {
  for (int i = from; i < run.record.guard_checks_size(); ++i) {
    const v1::GuardCheck& check = run.record.guard_checks(i);
    if (check.passed()) continue;
    v1::Event event = MakeEvent(v1::EVENT_KIND_GUARD_FAILED, run.record);
    event.set_text(absl::StrCat(check.name(), ": ", check.detail()));
    *event.mutable_guard_check() = check;
    if (check.has_at()) SetMoment(check.at(), run.record, event);
    events_.Add(std::move(event));
  }
}

}  // namespace faultline
