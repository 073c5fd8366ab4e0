#pragma once

#include <string>

#include "faultline/v1/run.pb.h"
#include "google/protobuf/repeated_field.h"

namespace faultline {

// Whether the edge was observed as planned.
bool Agrees(const v1::EdgeVerdict& edge);

// One line on all stages of a run: "every observation equalled the plan: 4 stages, 240 edges", or the first edge that
// was not as planned and how many more are not: "one-way: lon-1 → par-2 (IPv4) was planned cut but 12 of 12 probes
// arrived; and 3 more". Worst first: what leaked or was wrongly cut before what is not known.
std::string Summarize(const google::protobuf::RepeatedPtrField<v1::StageVerdict>& stages);

}  // namespace faultline
