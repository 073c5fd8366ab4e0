#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "controller/store/schedule_store.h"
#include "faultline/v1/schedule.pb.h"

namespace faultline {

// Makes the runs of schedules. Each moment of a schedule is handed out once, when it has come, together with how many
// moments before it have passed unused (the controller was down); whoever is handed it decides what becomes of it. Of
// the moments before this process the last is handed out, apart from those after it. The jitter of a moment is drawn
// from the schedule's name and the moment, so that it is the same after a restart, and never reaches the moment after
// it. Thread-safe; has no threads of its own: Advance does what is due. All references must outlive it.
class Scheduler {
 public:
  // Accepts a run and gives its id; an error is left for the next moment. Called with the scheduler's lock held.
  struct Moment {
    WallTime due;
    // How many moments of it passed unused before this.
    int passed = 0;
  };
  using Start = std::function<absl::StatusOr<std::string>(const v1::Schedule& schedule, const Moment& moment)>;

  Scheduler(const Clock& clock, ScheduleStore& store, Start start);

  // Takes up what the store has; to be called once, first.
  absl::Status Load();

  // As it is stored. INVALID_ARGUMENT names what is wrong with its name, cron expression, zone, jitter or until; its
  // plan is not looked at. ALREADY_EXISTS.
  absl::StatusOr<v1::Schedule> Add(v1::Schedule schedule);
  // NOT_FOUND. One that is resumed goes on with its next moment; those meanwhile are not made up for.
  absl::StatusOr<v1::Schedule> Pause(absl::string_view name, bool paused);
  absl::Status Remove(absl::string_view name);
  // By name.
  std::vector<v1::Schedule> List() const;

  // Hands out every moment that has come; returns when it is to be called next at the latest.
  MonotonicTime Advance();

 private:
  void AdvanceOne(v1::Schedule& schedule, WallTime now);

  const Clock& clock_;
  ScheduleStore& store_;
  const Start start_;
  // When this process began.
  const WallTime began_;
  mutable std::mutex mutex_;
  std::map<std::string, v1::Schedule> schedules_;
};

// Sets `planned` and `next` to the first moment whose planned time is after that; clears them when there is none before
// `until`. REQUIRES: the schedule was accepted by Add.
void PlanNext(v1::Schedule& schedule, WallTime after);

}  // namespace faultline
