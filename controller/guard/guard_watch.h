#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "controller/guard/host_work.h"
#include "controller/plan/plan.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// When the guards of one run are to be checked, and what their answers mean. Each guard is checked once before the run
// is armed (the steady state), then every `every` after the beginning of its last check, never twice at a time. A check
// that has not come back `every` and its time limit after it was taken is overdue: that is a failed check, and one more
// each `every` from then on. Pure; not thread-safe.
class GuardWatch {
 public:
  GuardWatch() = default;
  explicit GuardWatch(std::vector<Guard> guards);

  // Guards whose check is due, by position; each counts as under way from then on.
  std::vector<std::size_t> TakeDue(ControllerTime now);
  // The check of a guard that was begun then has ended. Why the run must not go on, if so: in the steady state one
  // failed check is enough, later as many in a row as the guard says; a guard that does not abort never is a reason.
  std::optional<std::string> Answer(std::size_t guard, ControllerTime begun, const CheckResult& result);
  bool AnyOverdue(ControllerTime now) const;
  // Counts every overdue check as failed. Why the run must not go on, if so, as Answer.
  std::optional<std::string> FailOverdue(ControllerTime now);
  // Every guard has answered once, or failed to.
  bool Steady() const;
  const Guard& guard(std::size_t position) const { return watched_[position].guard; }
  // From here on guards may fail as often as they say.
  void Arm() { armed_ = true; }
  // When a check is due next; nothing when there is no guard, or all are being checked.
  std::optional<ControllerTime> NextDue() const;

  // The checks for the record: at most kMostRecorded changes, in order of time; times only once there is a T0.
  static constexpr int kMostRecorded = 1000;
  void Record(std::optional<ControllerTime> t0, v1::Run& run) const;

 private:
  struct Watched {
    Guard guard;
    // Unset while it is being checked.
    std::optional<ControllerTime> due;
    // Set while it is being checked: since when, and when that counts as a failure (again).
    ControllerTime begun;
    std::optional<ControllerTime> overdue;
    bool answered = false;
    std::uint32_t failed_in_row = 0;
    // Position in checks_ of its last entry.
    std::optional<std::size_t> last;
  };
  struct Entry {
    ControllerTime begun;
    v1::GuardCheck check;
  };

  std::optional<std::string> Judge(Watched& watched, ControllerTime begun, const CheckResult& result);
  void Note(Watched& watched, ControllerTime begun, const CheckResult& result);

  std::vector<Watched> watched_;
  std::vector<Entry> checks_;
  bool armed_ = false;
};

}  // namespace faultline
