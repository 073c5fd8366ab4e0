#include "common/flap.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/duration.h"

namespace faultline {
namespace {

// A well-mixed number of `value` (the finaliser of splitmix64, S. Vigna, 2015).
std::uint64_t Mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// When the nth change comes, from 0: the beginning, the first end of `down`, and so on.
Duration ChangeTime(const Flap& flap, std::uint64_t seed, std::int64_t n) {
  Duration time = (n / 2) * (flap.down + flap.up);
  if (n % 2 != 0) time += flap.down;
  if (n == 0 || flap.jitter == Duration(0)) return time;
  const auto width = static_cast<std::uint64_t>(2 * flap.jitter.count() + 1);
  const std::uint64_t draw = Mix(seed ^ Mix(static_cast<std::uint64_t>(n))) % width;
  return time - flap.jitter + Duration(static_cast<std::int64_t>(draw));
}

}  // namespace

std::vector<FieldError> CheckFlap(const Flap& flap) {
  std::vector<FieldError> errors;
  const auto check = [&errors](const char* field, Duration phase) {
    if (phase < kShortestPhase) {
      errors.push_back(
          {field, absl::StrCat(FormatDuration(phase), " is shorter than ", FormatDuration(kShortestPhase))});
    } else if (phase > kLongestPhase) {
      errors.push_back({field, absl::StrCat(FormatDuration(phase), " is longer than ", FormatDuration(kLongestPhase))});
    }
  };
  check("flap.down", flap.down);
  check("flap.up", flap.up);
  if (flap.jitter < Duration(0)) {
    errors.push_back({"flap.jitter", "it is negative"});
  } else if (errors.empty() && flap.jitter > (std::min(flap.down, flap.up) - kShortestPhase) / 2) {
    errors.push_back(
        {"flap.jitter", absl::StrCat(FormatDuration(flap.jitter), " either way could leave a phase shorter than ",
                                     FormatDuration(kShortestPhase))});
  }
  return errors;
}

FlapPhase FlapPhaseAt(const Flap& flap, std::uint64_t seed, Duration elapsed) {
  // Jitter moves a change by less than a phase, so the phase is this one or a neighbour.
  std::int64_t n = 2 * (elapsed / (flap.down + flap.up));
  if (elapsed % (flap.down + flap.up) >= flap.down) ++n;
  while (n > 0 && ChangeTime(flap, seed, n) > elapsed) --n;
  while (ChangeTime(flap, seed, n + 1) <= elapsed) ++n;
  return {.down = n % 2 == 0, .start = ChangeTime(flap, seed, n), .end = ChangeTime(flap, seed, n + 1)};
}

Duration FlapDownTime(const Flap& flap, std::uint64_t seed, Duration start, Duration end) {
  // More are hours of the shortest phases, of which the jitter's mean is enough; a plan may be 10 000 hours long.
  constexpr std::int64_t kMostCycles = 10'000;
  const Duration cycle = flap.down + flap.up;
  Duration down{0};
  if (const std::int64_t cycles = (end - start) / cycle; cycles > kMostCycles) {
    down = cycles * flap.down;
    start += cycles * cycle;
  }
  while (start < end) {
    const FlapPhase phase = FlapPhaseAt(flap, seed, start);
    const Duration until = std::min(phase.end, end);
    if (phase.down) down += until - start;
    start = until;
  }
  return down;
}

}  // namespace faultline
