#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/document/document.h"
#include "common/document/value_reader.h"
#include "common/duration.h"
#include "common/identity/tls_config.h"
#include "common/log/log_config.h"
#include "controller/config.h"

namespace faultline {
namespace {

constexpr int kMostProbeRate = 200;

const std::vector<std::string> kKeys = {"listen",   "socket",    "state",      "lease",     "probe",          "tls",
                                        "identity", "authority", "commands",   "keep_runs", "keep_run_count", "metrics",
                                        "policy",   "log",       "connections"};
const std::vector<std::string> kProbeKeys = {"port", "rate", "tcp"};
const std::vector<std::string> kConnectionKeys = {"open", "open_of_one", "per_second", "per_second_of_one"};
const std::vector<std::string> kAuthorityKeys = {"key", "validity"};
const std::vector<std::string> kTruthWords = {"false", "true"};
const std::vector<std::string> kIdentityWords = {"faultline", "common-name"};
const std::vector<std::string> kCommandWords = {"deny", "allow"};

// The descriptors that any process may have by default.
constexpr std::uint64_t kMostConnections = 1'000'000;
constexpr std::uint64_t kMostKeptRuns = 1'000'000;
constexpr int kMostKeptDays = 10'000;

void ReadString(const Record& record, absl::string_view key, std::string& target, TextErrors& errors) {
  const DocumentValue* value = record.Find(key);
  if (value == nullptr) return;
  if (auto text = ReadText(*value, absl::StrCat("'", key, "'"), errors)) target = *std::move(text);
}

template <typename Number>
void ReadBounded(const Record& record, absl::string_view key, std::uint64_t most, Number& target, TextErrors& errors) {
  const DocumentValue* value = record.Find(key);
  if (value == nullptr) return;
  const auto number = ReadNumber(*value, absl::StrCat("'", key, "'"), errors, 1, most);
  if (number) target = static_cast<Number>(*number);
}

void ReadLease(const Record& record, ControllerConfig& config, TextErrors& errors) {
  const DocumentValue* value = record.Find("lease");
  if (value == nullptr) return;
  const auto lease = ReadDuration(*value, "'lease'", errors);
  if (!lease) return;
  if (*lease < kShortestLease || *lease > kLongestLease) {
    errors.Add(value->position, absl::StrCat("'lease' must be within ", FormatDuration(kShortestLease), " to ",
                                             FormatDuration(kLongestLease), ", not ", FormatDuration(*lease)));
    return;
  }
  config.lease = *lease;
}

void ReadCommands(const Record& record, ControllerConfig& config, TextErrors& errors) {
  const DocumentValue* value = record.Find("commands");
  if (value == nullptr) return;
  if (const auto word = ReadWord(*value, "'commands'", kCommandWords, errors)) config.allow_commands = *word == 1;
}

void ReadIdentity(const Record& record, ControllerConfig& config, TextErrors& errors) {
  const DocumentValue* value = record.Find("identity");
  if (value == nullptr) return;
  if (const auto word = ReadWord(*value, "'identity'", kIdentityWords, errors)) config.common_names = *word == 1;
}

// Whole days, which other durations do not have: "90d".
std::optional<int> ParseDays(absl::string_view text) {
  int days = 0;
  if (!absl::ConsumeSuffix(&text, "d") || text.empty() || text.find_first_not_of("0123456789") != text.npos ||
      !absl::SimpleAtoi(text, &days) || days < 1 || days > kMostKeptDays) {
    return std::nullopt;
  }
  return days;
}

void ReadValidity(const DocumentValue& value, ControllerConfig& config, TextErrors& errors) {
  constexpr Duration kShortest = std::chrono::seconds(10);
  constexpr Duration kLongest = std::chrono::hours(24 * 825);
  const auto text = ReadText(value, "'validity'", errors);
  if (!text) return;
  const std::optional<int> days = ParseDays(*text);
  const absl::StatusOr<Duration> validity = days ? *days * std::chrono::hours(24) : ParseDuration(*text);
  if (validity.ok() && *validity >= kShortest && *validity <= kLongest) {
    config.certificate_validity = *validity;
  } else {
    errors.Add(value.position,
               absl::StrCat("'validity' must be within 10s to 825d, such as 90d or 12h, not '", *text, "'"));
  }
}

void ReadAuthority(const Record& record, ControllerConfig& config, TextErrors& errors) {
  const DocumentValue* value = record.Find("authority");
  if (value == nullptr) return;
  const Record inner(*value, "'authority'", kAuthorityKeys, errors);
  ReadString(inner, "key", config.authority_key, errors);
  if (const DocumentValue* validity = inner.Find("validity")) ReadValidity(*validity, config, errors);
}

void ReadKeepRuns(const Record& record, ControllerConfig& config, TextErrors& errors) {
  const DocumentValue* value = record.Find("keep_runs");
  if (value == nullptr) return;
  const auto text = ReadText(*value, "'keep_runs'", errors);
  if (!text) return;
  const std::optional<int> days = ParseDays(*text);
  if (!days) {
    errors.Add(value->position,
               absl::StrCat("'keep_runs' must be within 1d to ", kMostKeptDays, "d, such as 90d, not '", *text, "'"));
    return;
  }
  config.keep_runs = *days * std::chrono::hours(24);
}

void ReadKeepRunCount(const Record& record, ControllerConfig& config, TextErrors& errors) {
  int count = 0;
  ReadBounded(record, "keep_run_count", kMostKeptRuns, count, errors);
  if (count > 0) config.keep_run_count = count;
}

void ReadConnections(const Record& record, ControllerConfig& config, TextErrors& errors) {
  const DocumentValue* value = record.Find("connections");
  if (value == nullptr) return;
  const Record inner(*value, "'connections'", kConnectionKeys, errors);
  const auto read = [&](absl::string_view key, std::optional<std::uint64_t>& target) {
    std::uint64_t count = 0;
    ReadBounded(inner, key, kMostConnections, count, errors);
    if (count > 0) target = count;
  };
  read("open", config.connections.open);
  read("open_of_one", config.connections.open_of_one);
  read("per_second", config.connections.per_second);
  read("per_second_of_one", config.connections.per_second_of_one);
}

}  // namespace

absl::StatusOr<ControllerConfig> ParseControllerConfig(absl::string_view text, absl::string_view file_name) {
  TextErrors errors;
  ControllerConfig config;
  if (const DocumentPtr root = ParseDocument(text, errors)) {
    const Record record(*root, "the configuration", kKeys, errors);
    ReadString(record, "listen", config.listen, errors);
    ReadString(record, "socket", config.socket, errors);
    ReadString(record, "state", config.state, errors);
    ReadString(record, "policy", config.policy, errors);
    if (const DocumentValue* tls = record.Find("tls")) ReadTls(*tls, config.tls, errors);
    if (const DocumentValue* log = record.Find("log")) ReadLog(*log, config.log_level, errors);
    ReadIdentity(record, config, errors);
    ReadAuthority(record, config, errors);
    ReadLease(record, config, errors);
    ReadCommands(record, config, errors);
    ReadKeepRuns(record, config, errors);
    ReadKeepRunCount(record, config, errors);
    ReadConnections(record, config, errors);
    if (const DocumentValue* metrics = record.Find("metrics")) ReadMetrics(*metrics, config.metrics, errors);
    if (const DocumentValue* probe = record.Find("probe")) {
      const Record inner(*probe, "'probe'", kProbeKeys, errors);
      ReadBounded(inner, "port", 65535, config.probe_port, errors);
      ReadBounded(inner, "rate", kMostProbeRate, config.probe_rate, errors);
      if (const DocumentValue* tcp = inner.Find("tcp")) {
        config.tcp_probes = ReadWord(*tcp, "'tcp'", kTruthWords, errors).value_or(1) == 1;
      }
    }
  }
  if (!errors.empty()) return absl::InvalidArgumentError(JoinErrors(errors.Take(), file_name));
  return config;
}

}  // namespace faultline
