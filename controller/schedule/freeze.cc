#include "controller/schedule/freeze.h"

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/name.h"
#include "common/status.h"
#include "common/timeline_codec.h"
#include "controller/schedule/cron.h"
#include "controller/schedule/wall_time.h"

namespace faultline {
namespace {

constexpr Duration kShortest = std::chrono::seconds(1);
constexpr Duration kLongest = std::chrono::hours(24 * 31);

absl::Status CheckOnce(const v1::Freeze& freeze) {
  if (!freeze.cron().empty() || !freeze.timezone().empty() || freeze.has_length()) {
    return absl::InvalidArgumentError("a freeze has either 'from' and 'to' or a cron expression, not both");
  }
  if (!freeze.has_from() || !freeze.has_to()) {
    return absl::InvalidArgumentError("a freeze needs both 'from' and 'to', or a cron expression and a length");
  }
  if (!IsWallTime(freeze.from()) || !IsWallTime(freeze.to()) || DecodeWall(freeze.from()) >= DecodeWall(freeze.to())) {
    return absl::InvalidArgumentError("a freeze's 'from' must be before its 'to'");
  }
  return absl::OkStatus();
}

// The end of the freeze if it is on. Of repetitions that overlap, that of the first.
std::optional<WallTime> EndOf(const v1::Freeze& freeze, WallTime when) {
  if (freeze.has_from()) {
    const WallTime end = DecodeWall(freeze.to());
    return DecodeWall(freeze.from()) <= when && when < end ? std::optional(end) : std::nullopt;
  }
  const auto cron = Cron::Parse(freeze.cron());
  const auto zone = ReadTimeZone(freeze.timezone());
  const auto length = DecodeDuration(freeze.length());
  if (!cron.ok() || !zone.ok() || !length.ok()) return std::nullopt;
  const WallTime begin = cron->NextAfter(when - *length, *zone);
  return begin <= when ? std::optional(begin + *length) : std::nullopt;
}

}  // namespace

std::string Frozen::ToString() const { return absl::StrCat("freeze '", name, "', until ", FormatWall(until)); }

absl::Status CheckFreeze(const v1::Freeze& freeze) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(freeze.name(), "freeze name"));
  if (freeze.cron().empty()) return CheckOnce(freeze);
  if (freeze.has_from() || freeze.has_to()) return CheckOnce(freeze);
  FAULTLINE_RETURN_IF_ERROR(Cron::Parse(freeze.cron()).status());
  FAULTLINE_RETURN_IF_ERROR(ReadTimeZone(freeze.timezone()).status());
  const absl::StatusOr<Duration> length = DecodeDuration(freeze.length());
  if (!freeze.has_length() || !length.ok() || *length < kShortest || *length > kLongest) {
    return absl::InvalidArgumentError(
        absl::StrCat("a freeze's length must be within ", FormatDuration(kShortest), " to ", FormatDuration(kLongest)));
  }
  return absl::OkStatus();
}

std::optional<Frozen> FrozenAt(std::span<const v1::Freeze> freezes, WallTime when) {
  std::optional<Frozen> last;
  for (const v1::Freeze& freeze : freezes) {
    const std::optional<WallTime> end = EndOf(freeze, when);
    if (end && (!last || *end > last->until)) last = Frozen{.name = freeze.name(), .until = *end};
  }
  return last;
}

}  // namespace faultline
