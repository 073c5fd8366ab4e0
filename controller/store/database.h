#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"

struct sqlite3;
struct sqlite3_stmt;

namespace faultline {

// What is to survive for what was written to be there still.
enum class Survives {
  // The death of the process. No disk is waited for but when the log is carried over into the tables.
  kProcess,
  // The death of the machine as well: waits until the disk has it, and all that was written before.
  kMachine,
};

// The SQLite file of the controller (write-ahead log), shared by its stores. What a statement has done survives the
// machine, unless told otherwise.
class Database {
 public:
  // Opens or makes `path`, and brings an older version's tables to this one's in one transaction; its folder must
  // exist. FAILED_PRECONDITION when another process has it open for writing, or when a newer version made it.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path);

  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Stores hold it for as long as they use a statement.
  std::mutex& mutex() { return mutex_; }
  sqlite3* handle() { return handle_.get(); }
  const std::string& path() const { return path_; }
  // Calls `write` with the mutex held; what it writes survives as told. Its error, or that of telling SQLite so.
  absl::Status Write(Survives survives, absl::FunctionRef<absl::Status()> write);
  // INTERNAL with SQLite's own words on its last error and the file's name.
  absl::Status LastError() const;

 private:
  struct Closer {
    void operator()(sqlite3* handle) const;
  };

  Database(sqlite3* handle, std::string path);
  absl::Status SetSurvives(Survives survives);
  absl::Status Prepare();
  absl::Status Migrate(int from);
  // Fills the columns that versions 2 and 3 added.
  absl::Status FillColumns();
  absl::Status Execute(const std::string& sql);

  std::mutex mutex_;
  std::unique_ptr<sqlite3, Closer> handle_;
  const std::string path_;
  Survives survives_ = Survives::kMachine;
};

// One prepared statement, stepped to its end by its user. Parameters and columns as in SQLite: those from 1, these
// from 0. REQUIRES: the database's mutex is held (but while it is being opened).
class Statement {
 public:
  Statement(Database& database, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void Bind(int index, absl::string_view text);
  void Bind(int index, std::int64_t number);
  void BindBytes(int index, const std::string& bytes);
  void BindNull(int index);
  // Whether there is a row; an error of the statement is that of Done.
  bool Step();
  // After Step has said no: whether all went well.
  absl::Status Done() const;
  // Steps to the end, of a statement without rows.
  absl::Status Run();
  void Reset();

  std::int64_t Int(int column);
  std::string Bytes(int column);

 private:
  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
  int code_ = 0;
};

// Moments in the database count nanoseconds since 1970.
inline std::int64_t ToColumn(WallTime time) { return time.time_since_epoch().count(); }

}  // namespace faultline
