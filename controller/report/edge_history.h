#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// One direction between two nodes over one IP version.
struct EdgeKey {
  std::string from;
  std::string to;
  v1::Family family = v1::FAMILY_UNSPECIFIED;

  friend auto operator<=>(const EdgeKey&, const EdgeKey&) = default;
};

// The edge's.
EdgeKey KeyOf(const v1::EdgeVerdict& edge);

// What was seen of an edge in the last seconds. A value.
struct EdgeSight {
  // Share of its probes that was lost, 0 .. 1. Absent when none is known to have been sent.
  std::optional<double> lost;
  // What they took: beyond the run's baseline if `added`, else in all. Absent when it is not known.
  std::optional<Duration> delay;
  bool added = false;
};

EdgeSight SightOf(const v1::EdgeVerdict& edge);

// The last minute of every edge, second by second, kept from successive live matrices. Edges that no matrix names any
// more are forgotten after it. One thread.
class EdgeHistory {
 public:
  static constexpr std::size_t kSeconds = 60;

  // A second that nothing is known of has no figure.
  struct Second {
    std::optional<float> lost;
    // Seconds.
    std::optional<float> delay;
  };
  // Oldest first, kSeconds of them.
  using Minute = std::vector<Second>;

  // Takes up what the live matrix says at `now`, which never goes back. It tells of the last seconds (kLiveWindow), and
  // so stands for those that were left out since the one before it, as far as that.
  void Add(const v1::StageVerdict& matrix, MonotonicTime now);

  // Up to the last Add.
  Minute Of(const EdgeKey& edge) const;

 private:
  // By second, modulo kSeconds.
  struct Ring {
    std::array<Second, kSeconds> seconds;
    std::int64_t last = 0;
  };

  std::int64_t now_ = 0;
  bool any_ = false;
  std::map<EdgeKey, Ring> edges_;
};

}  // namespace faultline
