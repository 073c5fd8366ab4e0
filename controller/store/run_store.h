#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controller/store/database.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Which runs to list. What is given must hold of each.
struct RunQuery {
  // Accepted, begun or over then or later.
  std::optional<WallTime> since;
  std::string plan_name;
  int most = 1000;
};

// What is kept of the runs that are over. Runs that are not over are always kept.
struct Retention {
  // How long after they were over; absent: for ever.
  std::optional<Duration> keep_for;
  // The newest so many, and what was over less than kAlwaysKept ago; absent: all.
  std::optional<int> keep_count;

  static constexpr Duration kAlwaysKept = std::chrono::hours(24);
};

// The controller's memory of its runs: one row a run. Thread-safe; each call may wait for the disk. Errors: INTERNAL
// with SQLite's own words and the file's name; DATA_LOSS for a row that cannot be read.
class RunStore {
 public:
  // `database` must outlive it.
  explicit RunStore(Database& database) : database_(database) {}

  // A new run's id: the plan's name and the next number for it, never given before by this store.
  absl::StatusOr<std::string> NewId(absl::string_view plan_name);

  // Stores a run, over an older state of it. ALREADY_EXISTS when another run has its request id.
  absl::Status Put(const v1::Run& run, Survives survives = Survives::kMachine);

  // NOT_FOUND when there is none.
  absl::StatusOr<v1::Run> Get(absl::string_view id);

  // The run that a request made; none when it made none, or the run was purged since.
  absl::StatusOr<std::optional<v1::Run>> FindRequest(absl::string_view request_id);

  // Newest first, for an overview: without plan text, stages, nodes, groups, captures, checks and series, which make a
  // run large. Others may write meanwhile.
  absl::StatusOr<std::vector<v1::Run>> List(const RunQuery& query);

  // Runs that are not ended, oldest first.
  absl::StatusOr<std::vector<v1::Run>> Unfinished();

  // Forgets the runs that need not be kept, at most that many, oldest first; how many. Their numbers are not given
  // again.
  absl::StatusOr<int> Purge(const Retention& retention, WallTime now, int most);

 private:
  // REQUIRES: the database's mutex is held.
  absl::Status Write(const v1::Run& run);
  // The next rows of a list, before this number: their bytes, and the number of the last.
  absl::StatusOr<std::vector<std::string>> ReadSome(const RunQuery& query, int most, std::int64_t& before);
  absl::StatusOr<v1::Run> Parse(const std::string& bytes) const;
  absl::StatusOr<std::vector<v1::Run>> Read(Statement& statement);

  Database& database_;
};

}  // namespace faultline
