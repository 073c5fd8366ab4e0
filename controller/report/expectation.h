#pragma once

#include <span>
#include <string>

#include "controller/plan/plan.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Judges in one stage every expectation of a step that acts in it, on each direction from a node of its `from` to
// another of its `to` (as the record's groups say), and adds what became of it to the record:
//  * reachable: packets arrive, some may be lost; unreachable: none does;
//  * a delay: that which the stage adds to the run's baseline, one way or of both ways together, is within what was
//  said;
//  * a loss: the share of probes that did not arrive is within what was said.
// OFF names the first direction that is not so. UNSPECIFIED when there is no direction to look at, or too little is
// known of one. `active`: names of the steps of the stage. Pure.
void JudgeExpectations(std::span<const Expectation> expectations, std::span<const std::string> active,
                       const v1::StageVerdict& stage, v1::Run& run);

// Why the expectations of a run were not met, one sentence for the first and how many more; empty when all were.
std::string SummarizeExpectations(const v1::Run& run);

}  // namespace faultline
