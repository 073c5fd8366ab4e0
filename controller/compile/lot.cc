#include "controller/compile/lot.h"

#include <algorithm>
#include <numeric>

namespace faultline {
namespace {

// The output function of SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014).
std::uint64_t Mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// Every byte counts, and the length, so that "ab", "c" and "a", "bc" differ.
std::uint64_t MixIn(std::uint64_t state, absl::string_view text) {
  for (const char one : text) state = Mix(state + 0x9e3779b97f4a7c15 + static_cast<unsigned char>(one));
  return Mix(state + 0x9e3779b97f4a7c15 + text.size());
}

}  // namespace

std::vector<std::size_t> DrawOrder(std::uint64_t seed, absl::string_view purpose,
                                   const std::vector<absl::string_view>& names) {
  const std::uint64_t start = MixIn(Mix(seed + 0x9e3779b97f4a7c15), purpose);
  std::vector<std::uint64_t> lots;
  lots.reserve(names.size());
  for (const absl::string_view name : names) lots.push_back(MixIn(start, name));
  std::vector<std::size_t> order(names.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return lots[a] != lots[b] ? lots[a] < lots[b] : names[a] < names[b]; });
  return order;
}

}  // namespace faultline
