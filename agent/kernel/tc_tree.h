#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/kernel/lane.h"
#include "agent/kernel/rt_socket.h"

namespace faultline {

// The qdiscs of a lane's device:
//
//   1: tbf         splits aggregates into wire packets; with kRate, or with a burst, it is the rate as well
//   └─ 2: netem    kNetem: delay, order, duplicates, corruption, rate
//      └─ 3: netem    from the first loss on: what is lost at random
//
// netem counts what it loses and what its queue has no room for in one. With the loss in a netem of its own, 3: counts
// only what is lost, and 1: that and what did not find room. Since what is lost passes the rate first, it uses it up,
// as what is lost behind a bottleneck does. Some kernels (Debian's 6.1.0-56, measured) refuse a netem that duplicates
// beside another netem (sch_netem.c, check_netem_in_tree): there 2: loses as well once packets are to be both
// duplicated and lost, and what does not find room then counts as lost.

// For a device without qdiscs of its own. NOT_FOUND, naming the qdisc, when the kernel lacks it. `largest_frame`: bytes
// of the largest packet that may come, with its link header; see TbfSettings::largest.
absl::Status MakeTree(RtSocket& socket, const Lane& lane, const LaneSpec& spec, std::uint32_t largest_frame);

// Packets that wait stay as they are; unless jitter may reorder, none of those to come overtakes them.
absl::Status ChangeTree(RtSocket& socket, const Lane& lane, const LaneSpec& spec, std::uint32_t largest_frame);

// NOT_FOUND when the device has no such tree.
absl::StatusOr<LaneCounters> ReadTree(RtSocket& socket, const Lane& lane);

// Whether its netem takes a seed. False when it has none.
absl::StatusOr<bool> TreeTakesSeed(RtSocket& socket, const Lane& lane);

// Swallows all packets.
absl::Status MakeBlackhole(RtSocket& socket, const Lane& lane);

}  // namespace faultline
