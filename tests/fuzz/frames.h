#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace faultline {

// One of the parts that an input is cut into: a byte that says what it is, two that say how long (little-endian), and
// its bytes. The last one may be shorter than it says.
struct Frame {
  std::uint8_t kind = 0;
  absl::string_view bytes;
};

// Reads an input's frames in order.
class FrameReader {
 public:
  FrameReader(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  std::optional<Frame> Next() {
    if (rest_.size() < 3) return std::nullopt;
    const auto byte = [this](std::size_t i) { return static_cast<std::uint8_t>(rest_[i]); };
    const std::size_t length = std::min<std::size_t>(byte(1) | byte(2) << 8, rest_.size() - 3);
    const Frame frame{byte(0), rest_.substr(3, length)};
    rest_.remove_prefix(3 + length);
    return frame;
  }

 private:
  absl::string_view rest_;
};

// Has the bed take the first frames of an input, and finish: so many that one run stays short.
template <typename Bed>
void FeedFrames(Bed&& bed, const std::uint8_t* data, std::size_t size) {
  constexpr int kMost = 24;
  FrameReader frames(data, size);
  for (int i = 0; i < kMost; ++i) {
    const std::optional<Frame> frame = frames.Next();
    if (!frame) break;
    bed.Take(*frame);
  }
  bed.Finish();
}

}  // namespace faultline
