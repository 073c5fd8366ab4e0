#pragma once

#include <bitset>
#include <cstdint>

namespace faultline {

// Remembers which of the last kWidth sequence numbers have been seen, so that a datagram the network doubled counts
// once. A jump forward of any size is taken as it comes (the sender was restarted). Not thread-safe.
class SequenceWindow {
 public:
  static constexpr std::size_t kWidth = 256;

  // True the first time `sequence` is seen. False when it was seen before, or is kWidth or more behind the greatest.
  bool Accept(std::uint64_t sequence);

 private:
  bool empty_ = true;
  std::uint64_t greatest_ = 0;
  // Bit i: greatest_ - i was seen.
  std::bitset<kWidth> seen_;
};

}  // namespace faultline
