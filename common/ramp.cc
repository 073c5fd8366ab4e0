#include "common/ramp.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "common/duration.h"

namespace faultline {
namespace {

constexpr Duration kShortestInterval = std::chrono::milliseconds(100);

// The same with every number that a ramp moves at zero.
Impairment WithoutNumbers(Impairment impairment) {
  impairment.delay = impairment.jitter = Duration(0);
  impairment.loss = impairment.duplicate = impairment.corrupt = impairment.reorder = Ratio();
  if (impairment.rate) impairment.rate = BitRate{1};
  return impairment;
}

double Between(double from, double to, double share) { return from + (to - from) * share; }

Duration Between(Duration from, Duration to, double share) {
  return Duration(std::llround(Between(static_cast<double>(from.count()), static_cast<double>(to.count()), share)));
}

Ratio Between(Ratio from, Ratio to, double share) {
  return Ratio::PartsPerBillion(
      static_cast<std::uint32_t>(std::lround(Between(from.parts_per_billion(), to.parts_per_billion(), share))));
}

// What is wrong with one end, when the numbers that only the other end has count as present: what needs them has them
// as soon as the ramp moves. What is wrong with such a number is so at the other end too, and left to it.
std::vector<FieldError> CheckEnd(const Impairment& end, const Impairment& other) {
  Impairment lifted = end;
  std::vector<std::string> lifted_fields;
  const auto lift = [&lifted_fields](const char* field, auto& number, const auto& at_other, auto least) {
    if (number != decltype(least)() || at_other == decltype(least)()) return;
    number = least;
    lifted_fields.push_back(field);
  };
  const Ratio least = Ratio::PartsPerBillion(1);
  lift("delay", lifted.delay, other.delay, Duration(1));
  lift("jitter", lifted.jitter, other.jitter, Duration(1));
  lift("loss", lifted.loss, other.loss, least);
  lift("duplicate", lifted.duplicate, other.duplicate, least);
  lift("corrupt", lifted.corrupt, other.corrupt, least);
  lift("reorder", lifted.reorder, other.reorder, least);
  const std::vector<FieldError> errors_of_lifted = CheckImpairment(lifted);
  std::vector<FieldError> errors = CheckImpairment(end);
  std::erase_if(errors, [&](const FieldError& error) {
    const auto same_field = [&error](const FieldError& of_lifted) { return of_lifted.field == error.field; };
    return std::none_of(errors_of_lifted.begin(), errors_of_lifted.end(), same_field) ||
           std::find(lifted_fields.begin(), lifted_fields.end(), error.field) != lifted_fields.end();
  });
  return errors;
}

}  // namespace

std::vector<FieldError> CheckRamp(const Impairment& from, const Ramp& ramp) {
  std::vector<FieldError> errors;
  if (ramp.over <= Duration(0)) {
    errors.push_back({"ramp.over", "say how long the ramp takes, for example 'over: 45s'"});
  } else if (ramp.changes != 0 && ramp.over / ramp.changes < kShortestInterval) {
    errors.push_back({"ramp.steps", absl::StrCat(ramp.changes, " in ", FormatDuration(ramp.over), " are closer than ",
                                                 FormatDuration(kShortestInterval))});
  }
  const std::vector<FieldError> of_start = CheckEnd(from, ramp.to);
  errors.insert(errors.end(), of_start.begin(), of_start.end());
  if (!from.samples.empty()) {
    errors.push_back({"ramp", "measured samples cannot be ramped"});
  } else if (WithoutNumbers(from) != WithoutNumbers(ramp.to)) {
    errors.push_back({"ramp", from.rate.has_value() != ramp.to.rate.has_value()
                                  ? "a rate needs a value at both ends"
                                  : "only delay, jitter, loss, duplicate, corrupt, reorder and rate can be ramped"});
  } else if (from == ramp.to) {
    errors.push_back({"ramp", "it changes nothing"});
  }
  for (const FieldError& error : CheckEnd(ramp.to, from)) {
    const bool said = std::find(of_start.begin(), of_start.end(), error) != of_start.end();
    if (!said) errors.push_back({"ramp." + error.field, error.message});
  }
  return errors;
}

std::size_t RampChanges(const Ramp& ramp) {
  if (ramp.changes != 0) return ramp.changes;
  return static_cast<std::size_t>(std::max<std::int64_t>(1, ramp.over / kRampInterval));
}

Duration RampChangeTime(const Ramp& ramp, std::size_t change) {
  const absl::int128 sum = absl::int128(ramp.over.count()) * change;
  return Duration(static_cast<std::int64_t>(sum / RampChanges(ramp)));
}

std::size_t RampPosition(const Ramp& ramp, Duration elapsed) {
  const std::size_t changes = RampChanges(ramp);
  if (elapsed >= ramp.over) return changes;
  if (elapsed <= Duration(0)) return 0;
  // RampChangeTime rounds down, so it is at most `elapsed` for every n with over * n < (elapsed + 1) * changes.
  const absl::int128 product = absl::int128(elapsed.count() + 1) * changes;
  return static_cast<std::size_t>((product - 1) / ramp.over.count());
}

Impairment RampValue(const Impairment& from, const Ramp& ramp, std::size_t changes) {
  const double share = std::min(1.0, static_cast<double>(changes) / static_cast<double>(RampChanges(ramp)));
  Impairment value = from;
  value.delay = Between(from.delay, ramp.to.delay, share);
  value.jitter = Between(from.jitter, ramp.to.jitter, share);
  value.loss = Between(from.loss, ramp.to.loss, share);
  value.duplicate = Between(from.duplicate, ramp.to.duplicate, share);
  value.corrupt = Between(from.corrupt, ramp.to.corrupt, share);
  value.reorder = Between(from.reorder, ramp.to.reorder, share);
  if (from.rate && ramp.to.rate) {
    value.rate = BitRate{static_cast<std::uint64_t>(std::llround(Between(
        static_cast<double>(from.rate->bits_per_second), static_cast<double>(ramp.to.rate->bits_per_second), share)))};
  }
  return value;
}

}  // namespace faultline
