#pragma once

#include <string>

#include "faultline/v1/run.pb.h"
#include "google/protobuf/repeated_field.h"

namespace faultline {

// Whether the edge was observed as planned.
bool Agrees(const v1::EdgeVerdict& edge);

// Whether too little is known of an edge to say whether it was.
bool IsUnknown(const v1::EdgeVerdict& edge);

// Whether a delay was planned somewhere in the stage and could not be judged, for there was no baseline to compare
// with.
bool HasUnjudgedDelay(const v1::StageVerdict& stage);

// Whether probes cannot see the stage's faults, and at the run's end no packet had met them.
bool MetNothing(const v1::StageVerdict& stage);

// What was planned of an edge and what was seen: "lon-1 → par-1 (IPv4) was planned cut but 12 of 12 probes arrived". Of
// one that was not as planned.
std::string DescribeEdge(const v1::EdgeVerdict& edge);

// One line on all stages of a run: "every observation equalled the plan: 4 stages, 240 edges" (where not all are
// probed, "240 of 6120 edges"), or the first edge that
// was not as planned and how many more are not: "one-way: lon-1 → par-2 (IPv4) was planned cut but 12 of 12 probes
// arrived; and 3 more"; connections are named after the edges where there are any. Worst first: what leaked, was
// wrongly cut or had another delay or loss, then faults that no packet met, then what is not known.
std::string Summarize(const google::protobuf::RepeatedPtrField<v1::StageVerdict>& stages);

}  // namespace faultline
