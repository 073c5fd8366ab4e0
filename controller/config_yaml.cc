#include "absl/strings/str_cat.h"
#include "common/document/document.h"
#include "common/document/value_reader.h"
#include "common/duration.h"
#include "controller/config.h"

namespace faultline {
namespace {

constexpr int kMostProbeRate = 200;

const std::vector<std::string> kKeys = {"listen", "socket", "state", "lease", "probe"};
const std::vector<std::string> kProbeKeys = {"port", "rate"};

void ReadString(const Record& record, absl::string_view key, std::string& target, TextErrors& errors) {
  const DocumentValue* value = record.Find(key);
  if (value == nullptr) return;
  if (auto text = ReadText(*value, absl::StrCat("'", key, "'"), errors)) target = *std::move(text);
}

template <typename Number>
void ReadBounded(const Record& record, absl::string_view key, std::uint64_t most, Number& target, TextErrors& errors) {
  const DocumentValue* value = record.Find(key);
  if (value == nullptr) return;
  const auto number = ReadNumber(*value, absl::StrCat("'", key, "'"), errors);
  if (!number) return;
  if (*number < 1 || *number > most) {
    errors.Add(value->position, absl::StrCat("'", key, "' must be within 1 to ", most, ", not ", *number));
    return;
  }
  target = static_cast<Number>(*number);
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

}  // namespace

absl::StatusOr<ControllerConfig> ParseControllerConfig(absl::string_view text, absl::string_view file_name) {
  TextErrors errors;
  ControllerConfig config;
  if (const DocumentPtr root = ParseDocument(text, errors)) {
    const Record record(*root, "the configuration", kKeys, errors);
    ReadString(record, "listen", config.listen, errors);
    ReadString(record, "socket", config.socket, errors);
    ReadString(record, "state", config.state, errors);
    ReadLease(record, config, errors);
    if (const DocumentValue* probe = record.Find("probe")) {
      const Record inner(*probe, "'probe'", kProbeKeys, errors);
      ReadBounded(inner, "port", 65535, config.probe_port, errors);
      ReadBounded(inner, "rate", kMostProbeRate, config.probe_rate, errors);
    }
  }
  if (!errors.empty()) return absl::InvalidArgumentError(JoinErrors(errors.Take(), file_name));
  return config;
}

}  // namespace faultline
