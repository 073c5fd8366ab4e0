#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/timeline.h"

namespace faultline {

// All that is ours in a network namespace's kernel, whoever put it there and whether he lives. A value.
struct StandingFaults {
  struct Step {
    StepIndex index = 0;
    // Until the kernel itself ends it, unless it is renewed; absent when it is not in force.
    std::optional<Duration> left;
  };
  struct Run {
    RunId id;
    // Those that its rules look at.
    std::vector<std::string> interfaces;
    // By index.
    std::vector<Step> steps;

    // Until the kernel has ended all of it; absent when nothing is in force.
    std::optional<Duration> left() const;
  };
  // By id.
  std::vector<Run> runs;
  // "netdev faultline".
  std::vector<std::string> tables;
  // Of lanes.
  std::vector<std::string> devices;
  // Interfaces at whose clsact filters are ours.
  std::vector<std::string> detoured;
  // The netlink socket that owns the tables, while it is open; none where the kernel has no owners.
  std::optional<std::uint32_t> owner_port;

  bool empty() const { return tables.empty() && devices.empty() && detoured.empty(); }
};

// Asks the kernel of the calling thread's namespace; changes nothing, and needs nobody else to answer. A gate that does
// not end by itself, which no agent makes, is DATA_LOSS. PERMISSION_DENIED without CAP_NET_ADMIN.
absl::StatusOr<StandingFaults> ReadStandingFaults();

// Its `owner_port` alone, whatever keeps the rest from being read.
absl::StatusOr<std::optional<std::uint32_t>> ReadOwnerPort();

}  // namespace faultline
