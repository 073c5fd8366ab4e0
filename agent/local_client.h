#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "agent/local_protocol.h"

namespace faultline {

// Asks the agent of this runtime folder to heal; how many runs it ended. NOT_FOUND when no agent listens there,
// DEADLINE_EXCEEDED when it does not answer within two seconds, or hangs up without a word again and again.
absl::StatusOr<std::size_t> AskToHeal(const std::string& runtime_folder);

// Asks it for the level of its log, or sets that; the level that it then has. Errors as above.
absl::StatusOr<LogLevel> AskForLogLevel(const std::string& runtime_folder, std::optional<LogLevel> level);

// The agent of a runtime folder, as far as it shows itself.
struct LocalAgent {
  // The process that listens, also when it hangs; absent when none does, or so many wait that nothing can be known.
  std::optional<pid_t> pid;
  // What it answers; errors as above.
  absl::StatusOr<LocalStatus> status;
};
LocalAgent AskForStatus(const std::string& runtime_folder);

}  // namespace faultline
