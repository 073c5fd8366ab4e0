#include "controller/report/line_of.h"

#include "absl/strings/str_cat.h"
#include "controller/report/markup.h"
#include "controller/report/residue.h"
#include "controller/report/run_words.h"

namespace faultline {
namespace {

std::string Milliseconds(Duration duration) { return ExactText(duration, std::chrono::milliseconds(1)); }

EventLine GuardFailed(const v1::GuardCheck& check) {
  EventLine line;
  if (check.has_at()) line.at = Decoded(check.at());
  line.fields = {{"guard", JsonString(check.name())}, {"detail", JsonString(check.detail())}};
  line.text = absl::StrCat("guard ", check.name(), " FAILED", check.detail().empty() ? "" : ": ", check.detail());
  return line;
}

// One whose text says all there is.
EventLine Plain(const v1::Event& event) {
  EventLine line;
  line.fields = {{"detail", JsonString(event.text())}};
  line.text = absl::StrCat(event.node(), event.node().empty() ? "" : ": ", event.text());
  return line;
}

EventLine PartOf(const v1::Event& event) {
  if (event.has_transition()) {
    const std::optional<Duration> late = event.has_lateness() ? Decoded(event.lateness()) : std::nullopt;
    return LineOf(event.transition(), event.node(), event.text(), late);
  }
  if (event.has_node_outcome()) return LineOf(event.node_outcome(), event.node());
  if (event.has_guard_check()) return GuardFailed(event.guard_check());
  if (event.has_foreign_change()) return LineOf(event.foreign_change(), event.node());
  if (event.kind() == v1::EVENT_KIND_RUN_ENDED) return LineOf(event.outcome(), event.text());
  return Plain(event);
}

}  // namespace

EventLine LineOf(const v1::StepTransition& transition, absl::string_view node, absl::string_view step,
                 const std::optional<Duration>& late) {
  const bool fired = transition.transition() == v1::TRANSITION_FIRED;
  EventLine line;
  line.kind = fired ? v1::EVENT_KIND_STEP_FIRED : v1::EVENT_KIND_STEP_HEALED;
  line.at = Decoded(transition.actual());
  line.node = std::string(node);
  line.step = std::string(step);
  if (const auto planned = Decoded(transition.planned())) {
    line.fields.emplace_back("planned_s", ExactText(*planned, std::chrono::seconds(1)));
  }
  if (late) line.fields.emplace_back("late_ms", Milliseconds(*late));
  line.fields.emplace_back("kernel_ms", Milliseconds(Decoded(transition.kernel_time()).value_or(Duration(0))));
  line.text = absl::StrCat(step, fired ? " acts on " : " is healed on ", node);
  if (late) absl::StrAppend(&line.text, ", ", MillisecondsText(late), " late");
  return line;
}

EventLine LineOf(const v1::NodeOutcome& outcome, absl::string_view node) {
  std::uint64_t packets = 0;
  for (const v1::StepCounters& counters : outcome.counters()) packets += counters.packets();
  EventLine line;
  line.kind = outcome.end() == v1::NODE_END_LEASE_LOST ? v1::EVENT_KIND_LEASE_LOST : v1::EVENT_KIND_NODE_ENDED;
  if (outcome.has_at()) line.at = Decoded(outcome.at());
  line.node = std::string(node);
  line.bad = outcome.end() != v1::NODE_END_COMPLETED && outcome.end() != v1::NODE_END_RELEASED;
  line.fields = {{"end", JsonString(NameOf(v1::NodeEnd_Name(outcome.end()), "NODE_END_"))},
                 {"detail", JsonString(outcome.detail())}};
  if (!outcome.counters().empty()) line.fields.emplace_back("packets", absl::StrCat(packets));
  line.text = absl::StrCat(node, ": ", WordOf(outcome.end()), outcome.detail().empty() ? "" : ": ", outcome.detail());
  if (!outcome.has_residue()) return line;
  const v1::ResidueFinding finding = outcome.residue().finding();
  line.bad = line.bad || finding == v1::RESIDUE_FINDING_LEFT;
  line.fields.emplace_back("residue", JsonString(NameOf(v1::ResidueFinding_Name(finding), "RESIDUE_FINDING_")));
  absl::StrAppend(&line.text, "; residue: ", ResidueText(outcome));
  return line;
}

EventLine LineOf(const v1::ForeignChange& change, absl::string_view node) {
  EventLine line;
  line.kind = v1::EVENT_KIND_FOREIGN_CHANGE;
  if (change.has_at()) line.at = Decoded(change.at());
  line.node = std::string(node);
  line.bad = true;
  line.fields = {{"detail", JsonString(change.text())}};
  line.text = absl::StrCat(node, ": ", change.text());
  return line;
}

EventLine LineOf(v1::Outcome outcome, absl::string_view summary) {
  EventLine line;
  line.kind = v1::EVENT_KIND_RUN_ENDED;
  line.bad = outcome != v1::OUTCOME_VERIFIED;
  line.fields = {{"outcome", JsonString(NameOf(v1::Outcome_Name(outcome), "OUTCOME_"))},
                 {"summary", JsonString(summary)}};
  line.text = absl::StrCat(WordOf(outcome), ": ", summary);
  return line;
}

EventLine LineOf(const v1::Event& event) {
  EventLine line = PartOf(event);
  line.kind = event.kind();
  line.number = event.number();
  if (event.has_time()) line.time = event.time();
  line.run = event.run_id();
  line.node = event.node();
  line.bad = line.bad || IsTrouble(event.kind());
  return line;
}

}  // namespace faultline
