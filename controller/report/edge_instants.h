#pragma once

#include <span>

#include "controller/report/boundary_plan.h"
#include "controller/report/burst_log.h"
#include "controller/report/probe_log.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Adds to the record what the bursts of the run's boundaries at `at` showed: one ObservedTransition for each step that
// takes or lifts there. An instant is that of the receiver, where faults act: the moment of sending and the least delay
// of the direction's probes in the burst, which together carry the error of the receiver's clock alone. `boundaries`:
// those that the bursts were made of. Pure, but for reading the logs.
void AddObservedTransitions(std::span<const Boundary> boundaries, Duration at, ControllerTime t0,
                            const BurstLog& bursts, const ProbeLog& probes, v1::Run& run);

}  // namespace faultline
