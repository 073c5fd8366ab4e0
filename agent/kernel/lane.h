#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/kernel/rt_socket.h"
#include "common/program/program.h"

namespace faultline {

// What marks a device as ours, beside its name, "fl<n>" of an ifb and "fl<n>s" of a macvlan.
inline constexpr char kLaneAlias[] = "faultline";
// Until one has its alias: that it is down, and has the MTU that it is made with.
inline constexpr unsigned kLaneMtu = 1279;

// Devices of ours: packets forwarded to one come back to where they were taken, as if nothing had happened, when its
// qdiscs let them through.
struct Lane {
  // Of the ifb.
  std::string name;
  // Where to forward packets to: a macvlan on the ifb that splits aggregates into the packets that they are on the
  // wire, whatever their size, or the ifb itself.
  std::uint32_t index = 0;
  // The ifb.
  std::uint32_t device = 0;

  // The number in its name.
  std::uint32_t number() const;

  friend bool operator==(const Lane&, const Lane&) = default;
};

// What a lane does to packets. A value.
struct LaneSpec {
  LaneKind kind = LaneKind::kNetem;
  // Of kNetem and kRate.
  Impairment impairment;
  std::optional<std::uint64_t> seed;
  // Bytes of kernel memory that waiting packets may take.
  std::uint64_t memory = Program::kDefaultLaneMemory;
};

// Packets as they are on the wire, since the lane was made.
struct LaneCounters {
  std::uint64_t passed = 0;
  // As the impairment asks; 0 but for kNetem.
  std::uint64_t lost = 0;
  // The queue was full. Where an impairment both duplicates and loses, some kernels have these among the lost, see
  // tc_tree.h.
  std::uint64_t overflowed = 0;

  friend bool operator==(const LaneCounters&, const LaneCounters&) = default;
};

// Make the ifb device "fl<n>", n the first that is free, with its qdiscs and the macvlan "fl<n>s", and bring them up.
// On an error nothing is left. UNIMPLEMENTED or NOT_FOUND, naming it, when the kernel has no ifb or lacks a qdisc.
// Without macvlan the lane is the ifb alone, whose tbf splits only aggregates larger than the largest packet that any
// device of the namespace may have: on a host with jumbo frames the impairment then hits up to six usual packets as
// one.
//
// A device that comes later with a larger MTU than all others: ChangeLane makes room for its packets; until then those
// larger than all others' count as overflowed.
absl::StatusOr<Lane> MakeLane(RtSocket& socket, const LaneSpec& spec);
// One whose qdisc swallows every packet, telling the sender that it was sent.
absl::StatusOr<Lane> MakeBlackholeLane(RtSocket& socket);

// Changes what a lane does, from the next packet on; those that wait are neither dropped nor hurried, but as packets
// are lost when they leave, the new loss is theirs too. NOT_FOUND when somebody deleted it or its qdiscs. REQUIRES:
// spec.kind is the lane's own.
absl::Status ChangeLane(RtSocket& socket, const Lane& lane, const LaneSpec& spec);

// Exact while no packet passes; otherwise a few that are being lost may be missing in what overflowed. NOT_FOUND as
// above.
absl::StatusOr<LaneCounters> ReadLane(RtSocket& socket, const Lane& lane);

// Whether a seed has an effect on this kernel. False for a lane without netem.
absl::StatusOr<bool> TakesSeed(RtSocket& socket, const Lane& lane);

// Deletes the devices, if they still are ours, with the packets that wait in them. OK when they have gone.
absl::Status DeleteLane(RtSocket& socket, const Lane& lane);

// The names of all devices that are ours, whoever made them.
absl::StatusOr<std::vector<std::string>> ListLaneDevices(RtSocket& socket);
// Deletes them.
absl::Status DeleteAllLanes(RtSocket& socket);

}  // namespace faultline
