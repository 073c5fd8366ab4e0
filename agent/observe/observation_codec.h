#pragma once

#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/observe/probe_mesh.h"
#include "agent/observe/prober.h"
#include "agent/observe/window_tally.h"
#include "faultline/v1/observation.pb.h"

namespace faultline {

// Wire form of counts: one window for what was sent, another for what was received.
v1::Observation EncodeObservation(std::span<const WindowCount> counts);

// Reads a mesh off the wire and checks all of it (CheckProbeMesh). INVALID_ARGUMENT names the part that is wrong. Any
// message may be given.
absl::StatusOr<ProbeMesh> DecodeProbeMesh(const v1::ProbeConfig& message);

// Prober::Configure and Prober::Drain for those who speak wire types.
absl::Status ConfigureProber(Prober& prober, const v1::ProbeConfig& message);
v1::Observation DrainProber(Prober& prober);

}  // namespace faultline
