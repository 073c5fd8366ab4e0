#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/store/database.h"
#include "faultline/v1/event.pb.h"

namespace faultline {

// Which events to list. What is given must hold of each.
struct EventQuery {
  // Happened then or later.
  std::optional<WallTime> since;
  // Happened then or earlier.
  std::optional<WallTime> until;
  std::string run_id;
  std::string node;
  // Of no run.
  bool without_run = false;
  // Numbered beyond this.
  std::optional<std::uint64_t> after;
  // With `after` the first so many, else the last.
  int most = 1000;

  // Whether all but `most` holds.
  bool Matches(const v1::Event& event) const;
};

// The controller's memory of events: one row an event, by number. Thread-safe; each call may wait for the disk. Errors
// as RunStore's.
class EventStore {
 public:
  // Beyond so many the oldest are forgotten, however young.
  static constexpr std::int64_t kMostKept = 1'000'000;

  // `database` must outlive it.
  explicit EventStore(Database& database) : database_(database) {}

  // Of the last one stored; 0 when there is none.
  absl::StatusOr<std::uint64_t> LastNumber();

  // Stores all of them or none, over those of the same numbers; they survive the process, perhaps not the machine.
  absl::Status Put(std::span<const v1::Event> events);

  // By number.
  absl::StatusOr<std::vector<v1::Event>> List(const EventQuery& query);

  // Forgets those that happened longer than `keep_for` ago (absent: none), and those beyond kMostKept, at most that
  // many, oldest first; how many. The last one stays: its number is not given again.
  absl::StatusOr<int> Purge(std::optional<Duration> keep_for, WallTime now, int most);

 private:
  absl::Status PutAll(std::span<const v1::Event> events);

  Database& database_;
};

}  // namespace faultline
