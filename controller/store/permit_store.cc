#include "controller/store/permit_store.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {

std::string PermitStore::OfRun(absl::string_view id) { return absl::StrCat("run ", id); }

std::string PermitStore::OfSchedule(absl::string_view name) { return absl::StrCat("schedule ", name); }

absl::StatusOr<std::optional<Permit>> PermitStore::Get(absl::string_view subject) {
  const std::lock_guard lock(database_.mutex());
  Statement statement(database_, "SELECT name, role, enrolled, origin, approved_by FROM permits WHERE subject = ?1");
  statement.Bind(1, subject);
  std::optional<Permit> permit;
  while (statement.Step()) {
    permit = Permit{.starter = {.name = statement.Bytes(0),
                                .role = RoleNamed(statement.Bytes(1)).value_or(Role::kViewer),
                                .enrolled = statement.Int(2) != 0,
                                .from = statement.Bytes(3)},
                    .approved_by = statement.Bytes(4)};
  }
  FAULTLINE_RETURN_IF_ERROR(statement.Done());
  return permit;
}

absl::Status PermitStore::Put(absl::string_view subject, const Permit& permit) {
  const std::lock_guard lock(database_.mutex());
  Statement statement(database_,
                      "INSERT OR REPLACE INTO permits (subject, name, role, enrolled, origin, approved_by) "
                      "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  statement.Bind(1, subject);
  statement.Bind(2, permit.starter.name);
  statement.Bind(3, NameOf(permit.starter.role));
  statement.Bind(4, std::int64_t{permit.starter.enrolled});
  statement.Bind(5, permit.starter.from);
  statement.Bind(6, permit.approved_by);
  return statement.Run();
}

absl::Status PermitStore::Remove(absl::string_view subject) {
  const std::lock_guard lock(database_.mutex());
  Statement statement(database_, "DELETE FROM permits WHERE subject = ?1");
  statement.Bind(1, subject);
  return statement.Run();
}

}  // namespace faultline
