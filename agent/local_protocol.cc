#include "agent/local_protocol.h"

#include <sys/un.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr absl::string_view kSocketName = "/agent.sock";
constexpr absl::string_view kEnd = "end\n";
constexpr absl::string_view kLogLevel = "log-level";

absl::Status NoAnswer(absl::string_view answer) {
  return absl::DataLossError(absl::StrCat("the agent's answer makes no sense: '", answer.substr(0, 64), "'"));
}

// Whether the line is of the kind, which it then loses, and is put apart.
bool ReadController(absl::string_view line, LocalStatus& status) {
  if (!absl::ConsumePrefix(&line, "controller ")) return false;
  status.connected = absl::ConsumeSuffix(&line, " connected");
  if (!status.connected && !absl::ConsumeSuffix(&line, " away")) return false;
  status.controller = std::string(line);
  return true;
}

bool ReadStep(absl::string_view line, LocalStatus& status) {
  if (!absl::ConsumePrefix(&line, "step ")) return false;
  const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(' ', 2));
  LocalStatus::Step step;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[1], &step.index)) return false;
  step.run = RunId(parts[0]);
  step.name = parts[2];
  status.steps.push_back(std::move(step));
  return true;
}

}  // namespace

absl::StatusOr<std::string> LocalSocketPath(const std::string& runtime_folder) {
  std::string path = absl::StrCat(runtime_folder, kSocketName);
  if (path.size() < sizeof(sockaddr_un::sun_path)) return path;
  return absl::InvalidArgumentError(absl::StrCat(path, " is too long for a socket; the runtime folder must be within ",
                                                 sizeof(sockaddr_un::sun_path) - 1 - kSocketName.size(),
                                                 " characters"));
}

std::string FormatAskLogLevel(std::optional<LogLevel> level) {
  return level ? FormatLogLevel(*level) : absl::StrCat(kLogLevel, "\n");
}

absl::StatusOr<std::optional<LogLevel>> ParseAskLogLevel(absl::string_view line) {
  if (!absl::ConsumePrefix(&line, kLogLevel) || !absl::ConsumeSuffix(&line, "\n")) {
    return absl::InvalidArgumentError("this does not ask for the log's level");
  }
  if (line.empty()) return std::optional<LogLevel>();
  if (!absl::ConsumePrefix(&line, " ")) return absl::InvalidArgumentError("no blank comes after log-level");
  FAULTLINE_ASSIGN_OR_RETURN(const LogLevel level, ParseLogLevel(line));
  return std::optional(level);
}

std::string FormatLogLevel(LogLevel level) { return absl::StrCat(kLogLevel, " ", NameOf(level), "\n"); }

absl::StatusOr<LogLevel> ParseLogLevelAnswer(absl::string_view answer) {
  const absl::StatusOr<std::optional<LogLevel>> level = ParseAskLogLevel(answer);
  if (!level.ok() || !*level) return NoAnswer(answer);
  return **level;
}

std::string FormatHealed(const absl::StatusOr<std::size_t>& runs) {
  if (runs.ok()) return absl::StrCat("healed ", *runs, "\n");
  return absl::StrCat("failed ", absl::StrReplaceAll(runs.status().message(), {{"\n", "; "}}), "\n");
}

absl::StatusOr<std::size_t> ParseHealed(absl::string_view answer) {
  absl::string_view number = answer;
  if (absl::ConsumePrefix(&number, "failed ") && absl::ConsumeSuffix(&number, "\n")) {
    return absl::InternalError(absl::StrCat("the agent could not heal: ", number));
  }
  number = answer;
  std::size_t runs = 0;
  const bool healed = absl::ConsumePrefix(&number, "healed ") && absl::ConsumeSuffix(&number, "\n");
  if (!healed || !absl::SimpleAtoi(number, &runs)) return NoAnswer(answer);
  return runs;
}

std::string FormatStatus(const LocalStatus& status) {
  std::string text = absl::StrCat("controller ", status.controller, status.connected ? " connected\n" : " away\n");
  for (const LocalStatus::Step& step : status.steps) {
    absl::StrAppend(&text, "step ", step.run.text(), " ", step.index, " ", step.name, "\n");
  }
  return absl::StrCat(text, kEnd);
}

absl::StatusOr<LocalStatus> ParseStatus(absl::string_view answer) {
  absl::string_view rest = answer;
  if (!absl::ConsumeSuffix(&rest, kEnd)) return NoAnswer(answer);
  LocalStatus status;
  for (const absl::string_view line : absl::StrSplit(rest, '\n', absl::SkipEmpty())) {
    if (!ReadController(line, status) && !ReadStep(line, status)) return NoAnswer(line);
  }
  return status;
}

}  // namespace faultline
