#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "faultline/v1/run.pb.h"

struct sqlite3;

namespace faultline {

// The controller's memory of its runs: an SQLite file (write-ahead log, synced at every write), one row a run. What
// Put has accepted survives the death of the process and of the machine. Thread-safe; each call may wait for the disk.
// Errors: INTERNAL with SQLite's own words and the file's name; DATA_LOSS for a row that cannot be read.
class RunStore {
 public:
  // Opens or makes `path`; its folder must exist. FAILED_PRECONDITION when another process has it open for writing, or
  // when a newer version made it.
  static absl::StatusOr<std::unique_ptr<RunStore>> Open(const std::string& path);

  ~RunStore();
  RunStore(const RunStore&) = delete;
  RunStore& operator=(const RunStore&) = delete;

  // A new run's id: the plan's name and the next number for it, never given before by this store.
  absl::StatusOr<std::string> NewId(absl::string_view plan_name);

  // Stores a run, over an older state of it.
  absl::Status Put(const v1::Run& run);

  // NOT_FOUND when there is none.
  absl::StatusOr<v1::Run> Get(absl::string_view id);

  // Newest first, at most `most`.
  absl::StatusOr<std::vector<v1::Run>> List(int most);

  // Runs that are not ended, oldest first.
  absl::StatusOr<std::vector<v1::Run>> Unfinished();

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  using Database = std::unique_ptr<sqlite3, Closer>;

  RunStore(Database database, std::string path);
  absl::Status Prepare();
  absl::StatusOr<std::vector<v1::Run>> Select(const char* sql, absl::string_view text, int number);

  std::mutex mutex_;
  Database database_;
  const std::string path_;
};

}  // namespace faultline
