#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/name.h"
#include "controller/compile/predict.h"
#include "controller/report/probe_log.h"
#include "controller/report/probed_run.h"
#include "faultline/v1/observation.pb.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// One direction that a step cuts, or that opens when it ends.
struct BoundaryEdge {
  ProbeEdge edge;
  StepIndex step = 0;
  // TRANSITION_FIRED: the step cuts it; TRANSITION_HEALED: it is open from then on.
  v1::Transition transition = v1::TRANSITION_UNSPECIFIED;

  friend bool operator==(const BoundaryEdge&, const BoundaryEdge&) = default;
};

// A moment of a run at which some directions turn from open to cut or back, and the burst of probes around it in which
// the very instant is to show. Times are after T0.
struct Boundary {
  Duration at{0};
  // Of the burst.
  Duration start{0};
  Duration length{0};
  // Those to be probed in the burst.
  std::vector<BoundaryEdge> edges;
  // All, by step and transition: how many directions change.
  std::map<std::pair<StepIndex, v1::Transition>, std::uint32_t> changing;
};

// How long before and after a boundary its burst lasts, unless it would meet another one's.
inline constexpr Duration kBurstBefore = std::chrono::milliseconds(300);
inline constexpr Duration kBurstAfter = std::chrono::seconds(1);
// Between two probes of one direction in a burst: with the millisecond that is noted of each, 10 ms are kept even when
// one leaves some milliseconds late.
inline constexpr Duration kBurstInterval = std::chrono::milliseconds(5);
// So that a node neither sends nor receives more than 2000 probes a second. Agents refuse more.
inline constexpr std::size_t kMostBurstEdgesPerNode = 10;
// Of one boundary, and of one run.
inline constexpr std::size_t kMostBurstEdges = 1000;
inline constexpr std::size_t kMostBoundaries = 64;

// The first kMostBoundaries moments between two stages at which directions between the nodes turn from simply open to
// simply cut or back, as long as the burst lasts: none for loss, delay and the like, nor where a step rejects (ICMP
// answers are rationed by sender, and are not to be used up), nor for a flap that is quicker than the burst. Where a
// boundary changes more directions than the bounds allow, those to be probed are drawn by `seed`: up to
// kMostBurstEdgesPerNode out of every node and into every node. Pure and deterministic.
std::vector<Boundary> PlanBoundaries(std::span<const Stage> stages, const ProbedRun& run, std::uint64_t seed);

// What each node is told of them, by name; nodes without a part are left out. A burst's number is its boundary's
// position.
std::map<NodeName, v1::ProbeBursts> BurstsOf(const std::string& run_id, ControllerTime t0,
                                             std::span<const Boundary> boundaries);

}  // namespace faultline
