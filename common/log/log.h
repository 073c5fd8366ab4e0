#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "common/log/level.h"
#include "common/log/record.h"

namespace faultline {

// Logs a record, when this process has a LogWriter; otherwise does nothing. Callable from any thread, and never waits
// for whoever reads the log: a record takes its place in a short queue, of which the oldest is given up when it is
// full, which the log then tells. Daemons log; libraries return a Status.
void LogDebug(absl::string_view message, const LogSubject& subject = {});
void LogInfo(absl::string_view message, const LogSubject& subject = {});
void LogWarning(absl::string_view message, const LogSubject& subject = {});
void LogError(absl::string_view message, const LogSubject& subject = {});

struct LogOptions {
  LogOrigin origin;
  // Of what is written; what is below it is not.
  LogLevel level = LogLevel::kInfo;
  // The socket of systemd's journal, which records are sent to with their fields (JournalDatagram); empty: they are
  // lines on standard error, "TIME LEVEL TEXT".
  std::string journal;
};

class LogQueue;

// Writes what is logged while it lives, on a thread of its own that takes no signals. One at a time in a process.
class LogWriter {
 public:
  // A journal that cannot be used is said on standard error, which is used instead.
  explicit LogWriter(const LogOptions& options);
  // Writes what waits.
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // LogOptions::origin.node of what is logged from now on. Thread-safe.
  void SetNode(std::string node);

  // Logs that, whatever the levels are. Thread-safe.
  void SetLevel(LogLevel level);
  LogLevel level() const;

 private:
  const std::shared_ptr<LogQueue> queue_;
};

}  // namespace faultline
