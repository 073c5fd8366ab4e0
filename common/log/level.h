#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// How much a record matters, and from where on records are written.
enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

// Of all levels, in their order: "debug", "info", "warning", "error".
const std::array<std::string, 4>& LogLevelNames();
absl::string_view NameOf(LogLevel level);
// INVALID_ARGUMENT names the four.
absl::StatusOr<LogLevel> ParseLogLevel(absl::string_view name);

}  // namespace faultline
