#pragma once

#include <cstdint>
#include <optional>

namespace faultline {

// What the configuration says of how many connections the network's port takes (ConnectionLimits); absent: the default.
// A value.
struct ConnectionSettings {
  // At the same time, of all sources and of one.
  std::optional<std::uint64_t> open;
  std::optional<std::uint64_t> open_of_one;
  // In the long run.
  std::optional<std::uint64_t> per_second;
  std::optional<std::uint64_t> per_second_of_one;
};

}  // namespace faultline
