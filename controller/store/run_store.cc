#include "controller/store/run_store.h"

#include <google/protobuf/util/time_util.h>
#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/run_moment.h"

namespace faultline {
namespace {

// Rows of a list; between them others have their turn.
constexpr int kAtATime = 16;

void KeepOverview(v1::Run& run) {
  run.clear_stages();
  run.clear_nodes();
  run.clear_plan_text();
  run.clear_captures();
  run.clear_guard_checks();
  run.clear_groups();
  run.clear_series();
  run.clear_clients();
}

}  // namespace

absl::StatusOr<std::string> RunStore::NewId(absl::string_view plan_name) {
  const std::lock_guard lock(database_.mutex());
  Statement statement(database_,
                      "INSERT INTO counters VALUES (?1, 1) ON CONFLICT (plan_name) DO UPDATE SET last = last + 1 "
                      "RETURNING last");
  statement.Bind(1, plan_name);
  if (!statement.Step()) return statement.Done();
  const std::int64_t number = statement.Int(0);
  FAULTLINE_RETURN_IF_ERROR(statement.Run());
  return absl::StrCat(plan_name, "-", number);
}

absl::Status RunStore::Put(const v1::Run& run, Survives survives) {
  return database_.Write(survives, [&] { return Write(run); });
}

absl::Status RunStore::Write(const v1::Run& run) {
  Statement statement(
      database_,
      "INSERT INTO runs (id, ended, run, plan_name, created, request_id, moment) VALUES (?1, ?2, ?3, ?4, "
      "?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, run = excluded.run, "
      "moment = excluded.moment");
  statement.Bind(1, run.id());
  statement.Bind(2, std::int64_t{run.state() == v1::RUN_STATE_ENDED});
  statement.BindBytes(3, run.SerializeAsString());
  statement.Bind(4, run.plan_name());
  statement.Bind(5, google::protobuf::util::TimeUtil::TimestampToNanoseconds(run.created()));
  if (run.request_id().empty()) {
    statement.BindNull(6);
  } else {
    statement.Bind(6, run.request_id());
  }
  statement.Bind(7, MomentOf(run));
  const absl::Status status = statement.Run();
  if (!status.ok() && sqlite3_extended_errcode(database_.handle()) == SQLITE_CONSTRAINT_UNIQUE) {
    return absl::AlreadyExistsError(absl::StrCat("another run has the request id '", run.request_id(), "'"));
  }
  return status;
}

absl::StatusOr<v1::Run> RunStore::Get(absl::string_view id) {
  const std::lock_guard lock(database_.mutex());
  Statement statement(database_, "SELECT run FROM runs WHERE id = ?1");
  statement.Bind(1, id);
  FAULTLINE_ASSIGN_OR_RETURN(std::vector<v1::Run> runs, Read(statement));
  if (runs.empty()) return absl::NotFoundError(absl::StrCat("there is no run '", id, "'; see `faultline runs`"));
  return std::move(runs.front());
}

absl::StatusOr<std::optional<v1::Run>> RunStore::FindRequest(absl::string_view request_id) {
  const std::lock_guard lock(database_.mutex());
  Statement statement(database_, "SELECT run FROM runs WHERE request_id = ?1");
  statement.Bind(1, request_id);
  FAULTLINE_ASSIGN_OR_RETURN(std::vector<v1::Run> runs, Read(statement));
  if (runs.empty()) return std::optional<v1::Run>();
  return std::optional<v1::Run>(std::move(runs.front()));
}

absl::StatusOr<std::vector<v1::Run>> RunStore::List(const RunQuery& query) {
  std::vector<v1::Run> runs;
  std::int64_t before = std::numeric_limits<std::int64_t>::max();
  while (static_cast<int>(runs.size()) < query.most) {
    const int most = std::min(kAtATime, query.most - static_cast<int>(runs.size()));
    FAULTLINE_ASSIGN_OR_RETURN(const std::vector<std::string> rows, ReadSome(query, most, before));
    for (const std::string& row : rows) {
      FAULTLINE_ASSIGN_OR_RETURN(v1::Run run, Parse(row));
      KeepOverview(run);
      runs.push_back(std::move(run));
    }
    if (static_cast<int>(rows.size()) < most) break;
  }
  return runs;
}

absl::StatusOr<std::vector<std::string>> RunStore::ReadSome(const RunQuery& query, int most, std::int64_t& before) {
  const std::lock_guard lock(database_.mutex());
  Statement statement(database_,
                      "SELECT run, number FROM runs WHERE number < ?4 AND moment >= ?1 AND (?2 = '' OR plan_name = ?2) "
                      "ORDER BY number DESC LIMIT ?3");
  statement.Bind(1, query.since ? ToColumn(*query.since) : std::numeric_limits<std::int64_t>::min());
  statement.Bind(2, query.plan_name);
  statement.Bind(3, std::int64_t{most});
  statement.Bind(4, before);
  std::vector<std::string> rows;
  while (statement.Step()) {
    rows.push_back(statement.Bytes(0));
    before = statement.Int(1);
  }
  FAULTLINE_RETURN_IF_ERROR(statement.Done());
  return rows;
}

absl::StatusOr<std::vector<v1::Run>> RunStore::Unfinished() {
  const std::lock_guard lock(database_.mutex());
  Statement statement(database_, "SELECT run FROM runs WHERE ended = 0 ORDER BY number");
  return Read(statement);
}

absl::StatusOr<int> RunStore::Purge(const Retention& retention, WallTime now, int most) {
  const std::lock_guard lock(database_.mutex());
  Statement statement(database_,
                      "DELETE FROM runs WHERE number IN (SELECT number FROM runs WHERE ended = 1 AND (moment < ?1 OR "
                      "(?2 >= 0 AND moment < ?3 AND number NOT IN (SELECT number FROM runs WHERE ended = 1 ORDER BY "
                      "number DESC LIMIT ?2))) ORDER BY number LIMIT ?4)");
  statement.Bind(1,
                 retention.keep_for ? ToColumn(now - *retention.keep_for) : std::numeric_limits<std::int64_t>::min());
  statement.Bind(2, std::int64_t{retention.keep_count.value_or(-1)});
  statement.Bind(3, ToColumn(now - Retention::kAlwaysKept));
  statement.Bind(4, std::int64_t{most});
  FAULTLINE_RETURN_IF_ERROR(statement.Run());
  return sqlite3_changes(database_.handle());
}

absl::StatusOr<v1::Run> RunStore::Parse(const std::string& bytes) const {
  v1::Run run;
  if (run.ParseFromString(bytes)) return run;
  return absl::DataLossError(absl::StrCat(database_.path(), ": a run is damaged"));
}

absl::StatusOr<std::vector<v1::Run>> RunStore::Read(Statement& statement) {
  std::vector<v1::Run> runs;
  while (statement.Step()) {
    FAULTLINE_ASSIGN_OR_RETURN(runs.emplace_back(), Parse(statement.Bytes(0)));
  }
  FAULTLINE_RETURN_IF_ERROR(statement.Done());
  return runs;
}

}  // namespace faultline
