#include "controller/clients/client_line.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/document/document.h"
#include "common/status.h"

namespace faultline {
namespace {

using nlohmann::json;

// Wall clocks are of the years 1970 to 2199.
constexpr double kMostSeconds = 7'258'118'400;
constexpr double kMostMilliseconds = 86'400'000;

absl::Status Wrong(absl::string_view key, absl::string_view must) {
  return absl::InvalidArgumentError(absl::StrCat("'", key, "' must be ", must));
}

// Null when there is none.
const json* Find(const json& line, const char* key) {
  const auto found = line.find(key);
  return found == line.end() ? nullptr : &*found;
}

absl::StatusOr<WallTime> ReadTime(const json& line) {
  const absl::Status wrong = Wrong("time", "seconds since 1970, or a text such as 2026-12-01T02:00:00.5Z");
  const json* value = Find(line, "time");
  if (value == nullptr) return wrong;
  if (value->is_number()) {
    const double seconds = value->get<double>();
    if (!(seconds >= 0 && seconds < kMostSeconds)) return wrong;
    const double whole = std::floor(seconds);
    return WallTime(std::chrono::seconds(static_cast<std::int64_t>(whole)) +
                    Duration(std::llround((seconds - whole) * 1e9)));
  }
  absl::Time time;
  std::string error;
  if (!value->is_string() ||
      !absl::ParseTime(absl::RFC3339_full, value->get_ref<const std::string&>(), &time, &error) ||
      time < absl::UnixEpoch() || time >= absl::FromUnixSeconds(static_cast<std::int64_t>(kMostSeconds))) {
    return wrong;
  }
  return WallTime(Duration(absl::ToUnixNanos(time)));
}

absl::StatusOr<std::string> ReadText(const json& line, const char* key, std::size_t longest) {
  const absl::Status wrong = Wrong(key, absl::StrCat("a text of 1 to ", longest, " bytes without control characters"));
  const json* value = Find(line, key);
  if (value == nullptr || !value->is_string()) return wrong;
  const std::string& text = value->get_ref<const std::string&>();
  if (text.empty() || text.size() > longest || FindBadText(text) || text.find_first_of("\t\r\n") != text.npos) {
    return wrong;
  }
  return text;
}

absl::StatusOr<std::string> ReadSide(const json& line, bool required) {
  if (!required && Find(line, "side") == nullptr) return "";
  return ReadText(line, "side", kLongestSide);
}

// As a number that is whole.
absl::StatusOr<std::uint64_t> ReadCount(const json& line, const char* key, std::optional<std::uint64_t> unless_there,
                                        std::uint64_t least) {
  const json* value = Find(line, key);
  if (value == nullptr && unless_there) return *unless_there;
  if (value == nullptr || !value->is_number_unsigned() || value->get<std::uint64_t>() < least ||
      value->get<std::uint64_t>() > kMostAlike) {
    return Wrong(key, absl::StrCat("a whole number from ", least, " to ", kMostAlike));
  }
  return value->get<std::uint64_t>();
}

absl::StatusOr<std::optional<Duration>> ReadTook(const json& line) {
  const json* value = Find(line, "ms");
  if (value == nullptr || value->is_null()) return std::nullopt;
  const double ms = value->is_number() ? value->get<double>() : -1;
  if (!(ms >= 0 && ms <= kMostMilliseconds)) return Wrong("ms", "milliseconds, from 0 to a day's");
  return Duration(std::llround(ms * 1e6));
}

absl::StatusOr<ClientLine> ReadOperation(const json& line, const json& ok) {
  if (!ok.is_boolean()) return Wrong("ok", "true or false");
  ClientOperation operation{.acknowledged = ok.get<bool>()};
  FAULTLINE_ASSIGN_OR_RETURN(operation.time, ReadTime(line));
  FAULTLINE_ASSIGN_OR_RETURN(operation.side, ReadSide(line, /*required=*/true));
  FAULTLINE_ASSIGN_OR_RETURN(operation.took, ReadTook(line));
  FAULTLINE_ASSIGN_OR_RETURN(operation.count, ReadCount(line, "count", 1, 1));
  return operation;
}

absl::StatusOr<ClientLine> ReadAccounting(const json& line) {
  ClientAccounting accounting;
  FAULTLINE_ASSIGN_OR_RETURN(accounting.side, ReadSide(line, /*required=*/false));
  FAULTLINE_ASSIGN_OR_RETURN(accounting.acknowledged, ReadCount(line, "acknowledged", std::nullopt, 0));
  FAULTLINE_ASSIGN_OR_RETURN(accounting.found, ReadCount(line, "found", std::nullopt, 0));
  FAULTLINE_ASSIGN_OR_RETURN(accounting.lost, ReadCount(line, "lost", std::nullopt, 0));
  FAULTLINE_ASSIGN_OR_RETURN(accounting.extra, ReadCount(line, "extra", 0, 0));
  if (accounting.found + accounting.lost != accounting.acknowledged) {
    return Wrong("acknowledged", "as many as 'found' and 'lost' together");
  }
  return accounting;
}

absl::StatusOr<ClientLine> ReadHappening(const json& line) {
  ClientHappening happening;
  FAULTLINE_ASSIGN_OR_RETURN(happening.time, ReadTime(line));
  FAULTLINE_ASSIGN_OR_RETURN(happening.side, ReadSide(line, /*required=*/false));
  FAULTLINE_ASSIGN_OR_RETURN(happening.text, ReadText(line, "event", kLongestHappening));
  return happening;
}

}  // namespace

absl::StatusOr<ClientLine> ParseClientLine(absl::string_view text) {
  const json line = json::parse(text.begin(), text.end(), /*cb=*/nullptr, /*allow_exceptions=*/false);
  if (!line.is_object()) return absl::InvalidArgumentError("it is no JSON object");
  if (const json* ok = Find(line, "ok")) return ReadOperation(line, *ok);
  if (line.contains("acknowledged")) return ReadAccounting(line);
  if (line.contains("event")) return ReadHappening(line);
  return absl::InvalidArgumentError("it has none of 'ok', 'acknowledged' and 'event'");
}

}  // namespace faultline
