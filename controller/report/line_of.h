#pragma once

#include <optional>

#include "absl/strings/string_view.h"
#include "controller/report/event_line.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Lines of what both a run's record and the controller's log tell, so that both tell it alike. They have no time, run
// or number yet; `at` is as reported, and means nothing if the run was never fired. Pure.

// A step began or ended on a node. `step`: its name; `late`: as LatenessOf says it.
EventLine LineOf(const v1::StepTransition& transition, absl::string_view node, absl::string_view step,
                 const std::optional<Duration>& late);
// A run is over on a node.
EventLine LineOf(const v1::NodeOutcome& outcome, absl::string_view node);
// Somebody else changed something on a node.
EventLine LineOf(const v1::ForeignChange& change, absl::string_view node);
// A run is over; `summary`: one sentence on it.
EventLine LineOf(v1::Outcome outcome, absl::string_view summary);

// An event of the controller's log: the whole line.
EventLine LineOf(const v1::Event& event);

}  // namespace faultline
