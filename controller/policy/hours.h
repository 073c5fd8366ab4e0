#pragma once

#include <bitset>
#include <string>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/clock.h"

namespace faultline {

// Hours of some days of the week in a time zone: each day a stretch from its first moment to just before its last. One
// that ends no later than it begins goes on into the next day, and is of the day on which it begins. A value; pure.
struct Hours {
  // Monday first.
  std::bitset<7> days = std::bitset<7>().set();
  // After midnight, by the wall clock, up to 24 h.
  Duration from{0};
  Duration to = std::chrono::hours(24);
  absl::TimeZone zone;

  // Whether every moment from `begin` to `end` is within. REQUIRES: begin <= end.
  bool Cover(WallTime begin, WallTime end) const;
  // Whether any of them is.
  bool Meet(WallTime begin, WallTime end) const;
  // "mon-fri 09:00 to 17:00 Europe/London".
  std::string ToString() const;

 private:
  struct Stretch {
    absl::Time begin;
    absl::Time end;
  };
  Stretch Of(absl::CivilDay day) const;
  bool HasDay(absl::CivilDay day) const;
};

}  // namespace faultline
