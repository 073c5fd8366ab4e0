#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "faultline/v1/observation.pb.h"

namespace faultline {

// What the probes saw, until the controller has said that it took it: in order, numbered, over any number of sessions.
// Bounded: the oldest go first, and their windows are counted. Thread-safe.
class ObservationBuffer {
 public:
  // A quarter of an hour of a node that sends and hears 20 probes a second.
  static constexpr std::size_t kMostWindows = 40'000;

  // Keeps an observation under the next number.
  void Add(v1::Observation observation);

  // The first one numbered beyond `cursor`, which moves on to it, with the windows lost so far, to which `lost_before`
  // are added that were lost on the way here. False when there is none.
  bool ReadNext(std::uint64_t& cursor, std::uint64_t lost_before, v1::Observation& observation) const;

  // The controller has taken all up to this number.
  void Forget(std::uint64_t taken);

  // What is left is of no use any more. Not counted as lost; numbers go on.
  void Clear();

 private:
  static std::size_t SizeOf(const v1::Observation& observation);
  void DropFirst();

  mutable std::mutex mutex_;
  std::deque<v1::Observation> observations_;
  std::size_t size_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace faultline
