#pragma once

#include <cstdint>

#include "common/program/nft_names.h"

namespace faultline {

// Where packets meet a run's rules: a hook of the kernel, at one priority. A run has a base chain at each place that it
// needs. In the order in which a packet comes by them, on its way in and on its way out.
enum class Place : std::uint8_t {
  // As it comes in, by interface: what is dropped whatever its connection.
  kBlockIn,
  // The same hook, after every run's kBlockIn: what goes through a lane. Packets come back from it behind the hook
  // (ifb_ri_tasklet; __netif_receive_skb_core and nf_hook_egress pass over what it marks).
  kLaneIn,
  // As it enters IPv4 or IPv6, before fragments are put together: what is lost by rule.
  kLossIn,
  // The same, after connection tracking: what is rejected, and what is dropped by connection.
  kStateIn,
  // What is rejected as it goes out, made here or passing through.
  kForward,
  kOutput,
  // As it goes out, after all others of IPv4 and IPv6: what is given the priority of a lane, where there is no hook as
  // the next two. Of several chains the first that gives one wins.
  kBlockPost,
  kLanePost,
  // As it goes out, by interface.
  kBlockOut,
  kLaneOut,
};
inline constexpr Place kPlaces[] = {Place::kBlockIn,  Place::kLaneIn, Place::kLossIn,    Place::kStateIn,
                                    Place::kForward,  Place::kOutput, Place::kBlockPost, Place::kLanePost,
                                    Place::kBlockOut, Place::kLaneOut};

// A hook of the kernel, of the family it belongs to.
enum class Hook : std::uint8_t { kIngress, kEgress, kPrerouting, kForward, kOutput, kPostrouting };
// "ingress", "prerouting".
absl::string_view NameOf(Hook hook);

// How the kernel is told of a place.
struct PlaceInfo {
  NftFamily family;
  Direction direction;
  Hook hook;
  // Lower ones come first. Of two runs' chains with the same one, that of the run installed later
  // (nf_hook_entries_grow).
  std::int32_t priority;
  // What base chains there are named by, and steps' chains that they jump to.
  const char* suffix;
  const char* step_suffix;
};

const PlaceInfo& InfoOf(Place place);

// Whether packets are given the priority of a lane there, and not sent through it.
inline bool GivesPriority(Place place) { return InfoOf(place).hook == Hook::kPostrouting; }

}  // namespace faultline
