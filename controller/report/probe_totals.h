#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "common/clock.h"
#include "common/name.h"
#include "faultline/v1/observation.pb.h"

namespace faultline {

// Which region each node is in.
using NodeRegions = std::map<NodeName, std::string>;

// Sums up all that the fleet's probes have seen, by pair of regions, in bounded room. Thread-safe.
class ProbeTotals {
 public:
  // A pair beyond these counts as one from kOther to kOther.
  static constexpr std::size_t kMostPairs = 400;
  static constexpr char kOther[] = "other";
  // Of nodes that have none.
  static constexpr char kNone[] = "none";

  struct Pair {
    std::string from;
    std::string to;

    friend auto operator<=>(const Pair&, const Pair&) = default;
  };
  struct Total {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    // Of how many of those received the one-way delay is known, and their sum. Windows whose delays clock errors make
    // negative count as zero, so that it never falls.
    std::uint64_t timed = 0;
    Duration sum_delay{0};

    friend bool operator==(const Total&, const Total&) = default;
  };

  // Adds what a node reports. REQUIRES: ProbeLog has taken it, and so it is well-formed.
  void Add(const NodeName& reporter, const v1::Observation& observation, const NodeRegions& regions);

  std::map<Pair, Total> Read() const;

 private:
  Total& At(const std::string& from, const std::string& to);

  mutable std::mutex mutex_;
  std::map<Pair, Total> totals_;
};

}  // namespace faultline
