#pragma once

#include <optional>

#include "common/clock.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// How long after it was due a node's kernel had confirmed a transition; never negative. It was due when it was planned;
// the end of a step that was ended early, when the controller ended the run. Absent when that is not known: the node
// ended the run by itself (its lease, a stop, a heal by hand), or the record is of an older controller; and when the
// transition is malformed. `part`: the node's, of this run. Pure.
std::optional<Duration> LatenessOf(const v1::Run& run, const v1::NodeRun& part, const v1::StepTransition& transition);

}  // namespace faultline
