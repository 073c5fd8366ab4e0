#pragma once

#include <map>
#include <optional>
#include <utility>

#include "agent/kernel/lane.h"
#include "agent/kernel/nft_batch.h"
#include "common/program/nft_layout.h"
#include "common/ratio.h"

namespace faultline {

// The devices that a run's rules send packets through. A value.
struct RunLanes {
  // When the run swallows packets.
  std::optional<Lane> blackhole;
  // Of each impairment and direction.
  std::map<std::pair<StepIndex, Direction>, Lane> detours;
};

// Adds a step's chain with its rules: first returns of the packets that its filter spares (and, where packets are
// refused on their way out as on their way in, of the refusals), then, for each match, the
// rules that act on it. More than one where they tell TCP from the rest, or a port counts on either end; whichever
// takes a packet first ends its way, so that it is counted and acted on once. A packet whose ports are not known (a
// fragment after the first) has none of the ports that a filter names, and none of those that it spares.
void AddStepChain(NftBatch& batch, const Program& program, const StepChain& chain, const RunLanes& lanes);

// The chains of a step that loses packets by rule: "r/s3/draw", in which one is drawn or not, and "r/s3/lost", with the
// counter of those that were.
std::string DrawChainName(const RunId& run, StepIndex step);
std::string LostChainName(const RunId& run, StepIndex step);
// Sets the share anew; every packet is drawn with the one share or the other.
void ChangeDraw(NftBatch& batch, const RunId& run, StepIndex step, Ratio share);

}  // namespace faultline
