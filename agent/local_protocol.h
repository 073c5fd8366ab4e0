#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/log/level.h"
#include "common/name.h"
#include "common/timeline.h"

namespace faultline {

// What is said over the agent's own socket: one line that asks, then the answer's lines.
inline constexpr absl::string_view kAskHeal = "heal\n";
inline constexpr absl::string_view kAskStatus = "status\n";

// "log-level\n", or with the level that it is to have, "log-level debug\n". INVALID_ARGUMENT when the line asks for
// something else, or for a level that there is not.
std::string FormatAskLogLevel(std::optional<LogLevel> level);
absl::StatusOr<std::optional<LogLevel>> ParseAskLogLevel(absl::string_view line);

// The level that it then has: "log-level debug\n". DATA_LOSS when it is no such answer.
std::string FormatLogLevel(LogLevel level);
absl::StatusOr<LogLevel> ParseLogLevelAnswer(absl::string_view answer);

// "agent.sock" in the runtime folder. INVALID_ARGUMENT when that is too long for a socket's name.
absl::StatusOr<std::string> LocalSocketPath(const std::string& runtime_folder);

// What a running agent adds to what the kernel says of itself. A value.
struct LocalStatus {
  struct Step {
    RunId run;
    StepIndex index = 0;
    std::string name;

    friend bool operator==(const Step&, const Step&) = default;
  };
  // As the configuration has it, and whether that has this node registered.
  std::string controller;
  bool connected = false;
  // Of the runs that it holds, those that act on this node.
  std::vector<Step> steps;

  friend bool operator==(const LocalStatus&, const LocalStatus&) = default;
};

// "healed 2\n", or "failed why\n". INTERNAL with that reason; DATA_LOSS when it is no such answer.
std::string FormatHealed(const absl::StatusOr<std::size_t>& runs);
absl::StatusOr<std::size_t> ParseHealed(absl::string_view answer);

// "controller 198.18.0.10:7400 connected\nstep split-1 0 one-way\nend\n". DATA_LOSS when it is no such answer, or not
// all of it.
std::string FormatStatus(const LocalStatus& status);
absl::StatusOr<LocalStatus> ParseStatus(absl::string_view answer);

}  // namespace faultline
