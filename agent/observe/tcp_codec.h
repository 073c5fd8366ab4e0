#pragma once

#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/observe/tcp_mesh.h"
#include "agent/observe/tcp_prober.h"
#include "agent/observe/tcp_tally.h"
#include "faultline/v1/observation.pb.h"

namespace faultline {

// Adds counts to an observation, in wire form.
void EncodeTcpCounts(std::span<const TcpCount> counts, v1::Observation& observation);

// Reads a mesh off the wire and checks all of it (CheckTcpMesh). INVALID_ARGUMENT names the part that is wrong. Any
// message may be given.
absl::StatusOr<TcpMesh> DecodeTcpMesh(const v1::TcpProbeConfig& message);

// TcpProber::Configure and TcpProber::Drain for those who speak wire types.
absl::Status ConfigureTcpProber(TcpProber& prober, const v1::TcpProbeConfig& message);
void DrainTcpProber(TcpProber& prober, v1::Observation& observation);

}  // namespace faultline
