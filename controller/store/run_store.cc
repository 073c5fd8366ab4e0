#include "controller/store/run_store.h"

#include <sqlite3.h>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

// Stored in the file; a reader refuses a greater one.
constexpr int kSchemaVersion = 1;

constexpr const char* kSchema = R"sql(
  CREATE TABLE IF NOT EXISTS runs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    ended INTEGER NOT NULL,
    run BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS counters (plan_name TEXT PRIMARY KEY, last INTEGER NOT NULL);
)sql";

absl::Status SqliteError(sqlite3* database, absl::string_view path) {
  const absl::string_view text = sqlite3_errmsg(database);
  if (sqlite3_errcode(database) == SQLITE_BUSY || sqlite3_errcode(database) == SQLITE_LOCKED) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is in use by another controller"));
  }
  return absl::InternalError(absl::StrCat(path, ": ", text));
}

// One prepared statement, stepped to its end by its user.
class Statement {
 public:
  Statement(sqlite3* database, const char* sql) { sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr); }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void Bind(int index, absl::string_view text) {
    sqlite3_bind_text(statement_, index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  }
  void Bind(int index, int number) { sqlite3_bind_int(statement_, index, number); }
  void BindBytes(int index, const std::string& bytes) {
    sqlite3_bind_blob64(statement_, index, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  }
  // SQLITE_ROW, SQLITE_DONE or an error. A statement that did not compile gives SQLITE_MISUSE.
  int Step() { return sqlite3_step(statement_); }
  int Int(int column) { return sqlite3_column_int(statement_, column); }
  std::string Bytes(int column) {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return data == nullptr ? "" : std::string(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace

void RunStore::Closer::operator()(sqlite3* database) const { sqlite3_close(database); }

RunStore::RunStore(Database database, std::string path) : database_(std::move(database)), path_(std::move(path)) {}

RunStore::~RunStore() = default;

absl::StatusOr<std::unique_ptr<RunStore>> RunStore::Open(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) return SqliteError(raw, path);
  auto store = std::unique_ptr<RunStore>(new RunStore(std::move(database), path));
  FAULTLINE_RETURN_IF_ERROR(store->Prepare());
  return store;
}

absl::Status RunStore::Prepare() {
  // The exclusive lock keeps a second controller off the same state.
  constexpr const char* kModes =
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN EXCLUSIVE; COMMIT;";
  sqlite3* database = database_.get();
  if (sqlite3_exec(database, kModes, nullptr, nullptr, nullptr) != SQLITE_OK) return SqliteError(database, path_);
  Statement version(database, "PRAGMA user_version");
  if (version.Step() != SQLITE_ROW) return SqliteError(database, path_);
  if (version.Int(0) > kSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        path_, " was made by a newer version of faultline-controller; use that one or another state folder"));
  }
  const std::string schema = absl::StrCat(kSchema, "PRAGMA user_version = ", kSchemaVersion, ";");
  if (sqlite3_exec(database, schema.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return SqliteError(database, path_);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> RunStore::NewId(absl::string_view plan_name) {
  const std::lock_guard lock(mutex_);
  Statement statement(database_.get(),
                      "INSERT INTO counters VALUES (?1, 1) ON CONFLICT (plan_name) DO UPDATE SET last = last + 1 "
                      "RETURNING last");
  statement.Bind(1, plan_name);
  if (statement.Step() != SQLITE_ROW) return SqliteError(database_.get(), path_);
  const int number = statement.Int(0);
  if (statement.Step() != SQLITE_DONE) return SqliteError(database_.get(), path_);
  return absl::StrCat(plan_name, "-", number);
}

absl::Status RunStore::Put(const v1::Run& run) {
  const std::lock_guard lock(mutex_);
  Statement statement(database_.get(),
                      "INSERT INTO runs (id, ended, run) VALUES (?1, ?2, ?3) "
                      "ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, run = excluded.run");
  statement.Bind(1, run.id());
  statement.Bind(2, run.state() == v1::RUN_STATE_ENDED ? 1 : 0);
  statement.BindBytes(3, run.SerializeAsString());
  return statement.Step() == SQLITE_DONE ? absl::OkStatus() : SqliteError(database_.get(), path_);
}

absl::StatusOr<v1::Run> RunStore::Get(absl::string_view id) {
  FAULTLINE_ASSIGN_OR_RETURN(std::vector<v1::Run> runs, Select("SELECT run FROM runs WHERE id = ?1 LIMIT ?2", id, 1));
  if (runs.empty()) return absl::NotFoundError(absl::StrCat("there is no run '", id, "'; see `faultline runs`"));
  return runs.front();
}

absl::StatusOr<std::vector<v1::Run>> RunStore::List(int most) {
  return Select("SELECT run FROM runs WHERE ?1 = '' ORDER BY number DESC LIMIT ?2", "", most);
}

absl::StatusOr<std::vector<v1::Run>> RunStore::Unfinished() {
  return Select("SELECT run FROM runs WHERE ?1 = '' AND ended = 0 ORDER BY number LIMIT ?2", "", 1'000'000);
}

absl::StatusOr<std::vector<v1::Run>> RunStore::Select(const char* sql, absl::string_view text, int number) {
  const std::lock_guard lock(mutex_);
  Statement statement(database_.get(), sql);
  statement.Bind(1, text);
  statement.Bind(2, number);
  std::vector<v1::Run> runs;
  int code = SQLITE_ROW;
  while ((code = statement.Step()) == SQLITE_ROW) {
    v1::Run run;
    if (!run.ParseFromString(statement.Bytes(0))) return absl::DataLossError(absl::StrCat(path_, ": a run is damaged"));
    runs.push_back(std::move(run));
  }
  if (code != SQLITE_DONE) return SqliteError(database_.get(), path_);
  return runs;
}

}  // namespace faultline
