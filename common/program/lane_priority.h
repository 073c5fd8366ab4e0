#pragma once

#include <cstdint>

namespace faultline {

// What nftables gives packets as their priority (skb->priority, which nft writes as a class of tc) for a filter at a
// device's clsact to send them through a lane: "fa17:3" for fl3. Whoever else takes a priority for a class would need a
// qdisc of the handle fa17: for it; those that the kernel makes itself go up from 8001:.
inline constexpr std::uint32_t kLanePriorities = 0xfa170000;
// The bits that say that it is one.
inline constexpr std::uint32_t kLanePriorityMask = 0xffff0000;

constexpr std::uint32_t LanePriority(std::uint32_t lane) { return kLanePriorities | lane; }

}  // namespace faultline
