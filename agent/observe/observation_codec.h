#pragma once

#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/observe/burst_book.h"
#include "agent/observe/probe_burst.h"
#include "agent/observe/probe_mesh.h"
#include "agent/observe/prober.h"
#include "agent/observe/window_tally.h"
#include "faultline/v1/observation.pb.h"

namespace faultline {

// Wire form of counts: one window for what was sent, another for what was received; and of what was noted in bursts.
v1::Observation EncodeObservation(std::span<const WindowCount> counts, std::span<const BurstMarks> bursts = {});

// Reads a mesh off the wire and checks all of it (CheckProbeMesh). INVALID_ARGUMENT names the part that is wrong. Any
// message may be given.
absl::StatusOr<ProbeMesh> DecodeProbeMesh(const v1::ProbeConfig& message);

// Likewise the bursts of a run (CheckProbeBursts).
absl::StatusOr<std::vector<ProbeBurst>> DecodeProbeBursts(const v1::ProbeBursts& message);

// Prober::Configure, Prober::SetBursts and Prober::Drain for those who speak wire types.
absl::Status ConfigureProber(Prober& prober, const v1::ProbeConfig& message);
absl::Status ConfigureBursts(Prober& prober, const v1::ProbeBursts& message);
v1::Observation DrainProber(Prober& prober);

}  // namespace faultline
