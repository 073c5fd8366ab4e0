#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "common/log/level.h"

namespace faultline {

// What a record is about, as far as it is about any; borrowed for a call.
struct LogSubject {
  absl::string_view run;
  // Of the run.
  std::optional<std::uint64_t> step;
  absl::string_view node;
};

// One thing to log; borrowed for a call.
struct LogRecord {
  LogLevel level = LogLevel::kInfo;
  // A sentence without a full stop.
  absl::string_view message;
  LogSubject subject;
};

// As people read it: "node lon-a: run split-1: step 0: acts".
std::string LogText(const LogRecord& record);

// Who writes, which every record of a process has in the journal.
struct LogOrigin {
  // The program.
  std::string identifier;
  // The node it runs on, of a record that is about none other; empty: none.
  std::string node;
};

// The most of a message that the journal is sent, in bytes.
inline constexpr std::size_t kLongestJournalMessage = 48 << 10;

// As systemd's journal takes it (its native protocol): MESSAGE, which is LogText, PRIORITY as syslog has it,
// SYSLOG_IDENTIFIER, and FAULTLINE_RUN, FAULTLINE_STEP and FAULTLINE_NODE where they are known. What is too long is
// cut, and says so.
std::string JournalDatagram(const LogRecord& record, const LogOrigin& origin);

}  // namespace faultline
