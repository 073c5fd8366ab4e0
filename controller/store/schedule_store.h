#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controller/store/database.h"
#include "faultline/v1/schedule.pb.h"

namespace faultline {

// The controller's memory of its schedules and freezes. Thread-safe; each call may wait for the disk. Errors as
// RunStore's.
class ScheduleStore {
 public:
  // `database` must outlive it.
  explicit ScheduleStore(Database& database) : database_(database) {}

  // By name.
  absl::StatusOr<std::vector<v1::Schedule>> Schedules();
  // Over an older state of it.
  absl::Status Put(const v1::Schedule& schedule);
  // NOT_FOUND.
  absl::Status RemoveSchedule(absl::string_view name);

  // By name.
  absl::StatusOr<std::vector<v1::Freeze>> Freezes();
  absl::Status Put(const v1::Freeze& freeze);
  // NOT_FOUND.
  absl::Status RemoveFreeze(absl::string_view name);

 private:
  template <typename Message>
  absl::StatusOr<std::vector<Message>> Read(const char* sql);
  absl::Status Write(const char* sql, absl::string_view name, const std::string& bytes);
  absl::Status Remove(const char* sql, absl::string_view name, absl::string_view what);

  Database& database_;
};

}  // namespace faultline
