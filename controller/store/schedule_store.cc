#include "controller/store/schedule_store.h"

#include <sqlite3.h>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {

absl::StatusOr<std::vector<v1::Schedule>> ScheduleStore::Schedules() {
  return Read<v1::Schedule>("SELECT schedule FROM schedules ORDER BY name");
}

absl::Status ScheduleStore::Put(const v1::Schedule& schedule) {
  return Write("INSERT OR REPLACE INTO schedules VALUES (?1, ?2)", schedule.name(), schedule.SerializeAsString());
}

absl::Status ScheduleStore::RemoveSchedule(absl::string_view name) {
  return Remove("DELETE FROM schedules WHERE name = ?1", name, "schedule");
}

absl::StatusOr<std::vector<v1::Freeze>> ScheduleStore::Freezes() {
  return Read<v1::Freeze>("SELECT freeze FROM freezes ORDER BY name");
}

absl::Status ScheduleStore::Put(const v1::Freeze& freeze) {
  return Write("INSERT OR REPLACE INTO freezes VALUES (?1, ?2)", freeze.name(), freeze.SerializeAsString());
}

absl::Status ScheduleStore::RemoveFreeze(absl::string_view name) {
  return Remove("DELETE FROM freezes WHERE name = ?1", name, "freeze");
}

template <typename Message>
absl::StatusOr<std::vector<Message>> ScheduleStore::Read(const char* sql) {
  const std::lock_guard lock(database_.mutex());
  Statement statement(database_, sql);
  std::vector<Message> messages;
  while (statement.Step()) {
    if (!messages.emplace_back().ParseFromString(statement.Bytes(0))) {
      return absl::DataLossError(absl::StrCat(database_.path(), ": a schedule or freeze is damaged"));
    }
  }
  FAULTLINE_RETURN_IF_ERROR(statement.Done());
  return messages;
}

absl::Status ScheduleStore::Write(const char* sql, absl::string_view name, const std::string& bytes) {
  const std::lock_guard lock(database_.mutex());
  Statement statement(database_, sql);
  statement.Bind(1, name);
  statement.BindBytes(2, bytes);
  return statement.Run();
}

absl::Status ScheduleStore::Remove(const char* sql, absl::string_view name, absl::string_view what) {
  const std::lock_guard lock(database_.mutex());
  Statement statement(database_, sql);
  statement.Bind(1, name);
  FAULTLINE_RETURN_IF_ERROR(statement.Run());
  if (sqlite3_changes(database_.handle()) > 0) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("there is no ", what, " '", name, "'"));
}

}  // namespace faultline
