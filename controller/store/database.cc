#include "controller/store/database.h"

#include <google/protobuf/util/time_util.h>
#include <sqlite3.h>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/run_moment.h"
#include "faultline/v1/run.pb.h"

namespace faultline {
namespace {

// Stored in the file; a reader refuses a greater one. 0 is a new file.
constexpr int kSchemaVersion = 6;

constexpr const char* kVersion1 = R"sql(
  CREATE TABLE runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    ended INTEGER NOT NULL,
    run BLOB NOT NULL);
  CREATE TABLE counters (plan_name TEXT PRIMARY KEY, last INTEGER NOT NULL);
)sql";

constexpr const char* kVersion2 = R"sql(
  ALTER TABLE runs ADD COLUMN plan_name TEXT NOT NULL DEFAULT '';
  ALTER TABLE runs ADD COLUMN created INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE runs ADD COLUMN request_id TEXT;
  CREATE UNIQUE INDEX runs_by_request ON runs (request_id);
  CREATE INDEX runs_by_created ON runs (created);
  CREATE INDEX runs_by_ended ON runs (ended);
  CREATE TABLE schedules (name TEXT PRIMARY KEY, schedule BLOB NOT NULL);
  CREATE TABLE freezes (name TEXT PRIMARY KEY, freeze BLOB NOT NULL);
)sql";

// `moment`: the latest of when it was accepted, begun and over.
constexpr const char* kVersion3 = R"sql(
  ALTER TABLE runs ADD COLUMN moment INTEGER NOT NULL DEFAULT 0;
  DROP INDEX runs_by_created;
  CREATE INDEX runs_by_moment ON runs (moment);
)sql";

constexpr const char* kVersion4 = R"sql(
  CREATE TABLE events (
    number INTEGER PRIMARY KEY,
    moment INTEGER NOT NULL,
    run TEXT NOT NULL,
    node TEXT NOT NULL,
    event BLOB NOT NULL);
  CREATE INDEX events_by_moment ON events (moment);
  CREATE INDEX events_by_run ON events (run);
)sql";

constexpr const char* kVersion5 = R"sql(
  CREATE TABLE permits (
    subject TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    origin TEXT NOT NULL,
    approved_by TEXT NOT NULL);
  CREATE TABLE issued (
    fingerprint TEXT PRIMARY KEY,
    serial TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    ends INTEGER NOT NULL,
    revoked INTEGER NOT NULL);
  CREATE INDEX issued_by_name ON issued (kind, name);
  CREATE TABLE revocations (
    kind TEXT NOT NULL, name TEXT NOT NULL, moment INTEGER NOT NULL, PRIMARY KEY (kind, name));
  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    names TEXT NOT NULL,
    role TEXT NOT NULL,
    uses INTEGER NOT NULL,
    replaces INTEGER NOT NULL,
    made INTEGER NOT NULL,
    ends INTEGER NOT NULL,
    made_by TEXT NOT NULL);
  CREATE TABLE users (name TEXT PRIMARY KEY, role TEXT NOT NULL);
)sql";

// Before, who was enrolled was judged by that though the host said who they were.
constexpr const char* kVersion6 = R"sql(
  ALTER TABLE permits ADD COLUMN enrolled INTEGER NOT NULL DEFAULT 0;
  UPDATE permits SET enrolled = 1 WHERE origin NOT LIKE 'unix:%' AND
    name IN (SELECT name FROM users UNION SELECT name FROM revocations WHERE kind = 'user');
)sql";

}  // namespace

void Database::Closer::operator()(sqlite3* handle) const { sqlite3_close(handle); }

Database::Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

Database::~Database() = default;

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  auto database = std::unique_ptr<Database>(new Database(raw, path));
  if (code != SQLITE_OK) return database->LastError();
  FAULTLINE_RETURN_IF_ERROR(database->Prepare());
  return database;
}

absl::Status Database::LastError() const {
  sqlite3* handle = handle_.get();
  if (sqlite3_errcode(handle) == SQLITE_BUSY || sqlite3_errcode(handle) == SQLITE_LOCKED) {
    return absl::FailedPreconditionError(absl::StrCat(path_, " is in use by another controller"));
  }
  return absl::InternalError(absl::StrCat(path_, ": ", absl::string_view(sqlite3_errmsg(handle))));
}

absl::Status Database::Write(Survives survives, absl::FunctionRef<absl::Status()> write) {
  const std::lock_guard lock(mutex_);
  FAULTLINE_RETURN_IF_ERROR(SetSurvives(survives));
  const absl::Status written = write();
  const absl::Status others = SetSurvives(Survives::kMachine);
  return written.ok() ? others : written;
}

// What SQLite promises of "synchronous" in write-ahead mode: https://sqlite.org/pragma.html#pragma_synchronous
absl::Status Database::SetSurvives(Survives survives) {
  if (survives == survives_) return absl::OkStatus();
  FAULTLINE_RETURN_IF_ERROR(
      Execute(absl::StrCat("PRAGMA synchronous = ", survives == Survives::kMachine ? "FULL" : "NORMAL")));
  survives_ = survives;
  return absl::OkStatus();
}

absl::Status Database::Prepare() {
  // The exclusive lock keeps a second controller off the same state.
  FAULTLINE_RETURN_IF_ERROR(
      Execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
              "BEGIN EXCLUSIVE; COMMIT;"));
  int found = 0;
  {
    Statement version(*this, "PRAGMA user_version");
    if (!version.Step()) return version.Done();
    found = static_cast<int>(version.Int(0));
  }
  if (found > kSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        path_, " was made by a newer version of faultline-controller; use that one or another state folder"));
  }
  if (found == kSchemaVersion) return absl::OkStatus();
  const absl::Status migrated = Migrate(found);
  if (!migrated.ok()) Execute("ROLLBACK").IgnoreError();
  return migrated;
}

absl::Status Database::Migrate(int from) {
  FAULTLINE_RETURN_IF_ERROR(Execute("BEGIN EXCLUSIVE"));
  if (from < 1) FAULTLINE_RETURN_IF_ERROR(Execute(kVersion1));
  if (from < 2) FAULTLINE_RETURN_IF_ERROR(Execute(kVersion2));
  if (from < 3) {
    FAULTLINE_RETURN_IF_ERROR(Execute(kVersion3));
    FAULTLINE_RETURN_IF_ERROR(FillColumns());
  }
  if (from < 4) FAULTLINE_RETURN_IF_ERROR(Execute(kVersion4));
  if (from < 5) FAULTLINE_RETURN_IF_ERROR(Execute(kVersion5));
  FAULTLINE_RETURN_IF_ERROR(Execute(kVersion6));
  return Execute(absl::StrCat("PRAGMA user_version = ", kSchemaVersion, "; COMMIT;"));
}

absl::Status Database::FillColumns() {
  Statement read(*this, "SELECT number, run FROM runs");
  Statement write(*this, "UPDATE runs SET plan_name = ?2, created = ?3, moment = ?4 WHERE number = ?1");
  while (read.Step()) {
    v1::Run run;
    if (!run.ParseFromString(read.Bytes(1))) return absl::DataLossError(absl::StrCat(path_, ": a run is damaged"));
    write.Bind(1, read.Int(0));
    write.Bind(2, run.plan_name());
    write.Bind(3, google::protobuf::util::TimeUtil::TimestampToNanoseconds(run.created()));
    write.Bind(4, MomentOf(run));
    FAULTLINE_RETURN_IF_ERROR(write.Run());
    write.Reset();
  }
  return read.Done();
}

absl::Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : LastError();
}

}  // namespace faultline
