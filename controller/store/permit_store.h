#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controller/access/principal.h"
#include "controller/store/database.h"

namespace faultline {

// On whose word something is run.
struct Permit {
  Principal starter;
  // The second person's name; empty: nobody has agreed.
  std::string approved_by;

  bool operator==(const Permit&) const = default;
};

// The controller's memory of permits, each of one run or schedule. Thread-safe; each call may wait for the disk. Errors
// as RunStore's.
class PermitStore {
 public:
  // `database` must outlive it.
  explicit PermitStore(Database& database) : database_(database) {}

  // What permits are of.
  static std::string OfRun(absl::string_view id);
  static std::string OfSchedule(absl::string_view name);

  // None when there is none.
  absl::StatusOr<std::optional<Permit>> Get(absl::string_view subject);
  // Over an older one.
  absl::Status Put(absl::string_view subject, const Permit& permit);
  // If there is one.
  absl::Status Remove(absl::string_view subject);

 private:
  Database& database_;
};

}  // namespace faultline
