#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace faultline {

// One message of the kernel's answer. `bytes` points into the datagram it was read from.
struct NlReply {
  enum class Kind {
    // A request was carried out (error 0) or refused (error > 0).
    kAck,
    // The end of a dump; error > 0 when the dump failed.
    kDone,
    // Anything else: content.
    kContent,
  };
  Kind kind = Kind::kContent;
  // The request's.
  std::uint32_t sequence = 0;
  // A positive errno, or 0.
  int error = 0;
  // The kernel's own words about an error; often empty.
  std::string text;
  // A dump that saw tables change under it: it may miss something.
  bool interrupted = false;
  // kContent: the message with its header.
  std::span<const std::uint8_t> bytes;
};

// Splits a datagram into its messages. Any bytes may be given, at any alignment. INVALID_ARGUMENT
// when they are not whole netlink messages, DATA_LOSS when the kernel says it lost some.
absl::StatusOr<std::vector<NlReply>> ReadReplies(std::span<const std::uint8_t> datagram);

}  // namespace faultline
