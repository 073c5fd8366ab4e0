#pragma once

#include <span>

#include "controller/compile/predict.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Sets outcome and summary of a run that came to its end: verified only if every node completed it, every stage was
// observed and agrees, and every expectation was met. `stages`: those of its plan. Pure.
void ConcludeByEvidence(std::span<const Stage> stages, v1::Run& run);

// The same of a run that an earlier process began: interrupted.
void ConcludeInterrupted(v1::Run& run);

// Says in the summary of a run that is over, however it ended, whether it left anything on its nodes, and warns of what
// others changed there. One that did is not verified. Nothing when no node looked, or nothing was applied or left.
void ConcludeResidue(v1::Run& run);

}  // namespace faultline
