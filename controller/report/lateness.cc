#include "controller/report/lateness.h"

#include "controller/report/run_words.h"

namespace faultline {
namespace {

// When the controller ended the run, if that is what ended it on the node.
std::optional<Duration> EndedEarly(const v1::Run& run, const v1::NodeRun& part) {
  if (!run.has_ended_early()) return std::nullopt;
  // How it ended is told after the steps.
  if (part.has_outcome() && part.outcome().end() != v1::NODE_END_RELEASED) return std::nullopt;
  return Decoded(run.ended_early());
}

}  // namespace

std::optional<Duration> LatenessOf(const v1::Run& run, const v1::NodeRun& part, const v1::StepTransition& transition) {
  const std::optional<Duration> actual = Decoded(transition.actual());
  std::optional<Duration> due = Decoded(transition.planned());
  if (!actual || !due) return std::nullopt;
  if (*actual < *due && transition.transition() == v1::TRANSITION_HEALED) due = EndedEarly(run, part);
  if (!due || *actual < *due) return std::nullopt;
  return *actual - *due;
}

}  // namespace faultline
