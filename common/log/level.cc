#include "common/log/level.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace faultline {

const std::array<std::string, 4>& LogLevelNames() {
  static const std::array<std::string, 4> names = {"debug", "info", "warning", "error"};
  return names;
}

absl::string_view NameOf(LogLevel level) { return LogLevelNames()[static_cast<std::size_t>(level)]; }

absl::StatusOr<LogLevel> ParseLogLevel(absl::string_view name) {
  const std::array<std::string, 4>& names = LogLevelNames();
  const auto* const found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<LogLevel>(found - names.begin());
  return absl::InvalidArgumentError(
      absl::StrCat("there is no log level '", name, "': give one of ", absl::StrJoin(names, ", ")));
}

}  // namespace faultline
