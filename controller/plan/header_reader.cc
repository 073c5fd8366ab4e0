#include "controller/plan/header_reader.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/hold.h"
#include "controller/plan/keys.h"

namespace faultline {

void HeaderReader::Read(const Record& record, Plan& plan) {
  if (const DocumentValue* version = record.Find("version")) CheckVersion(*version);
  if (const DocumentValue* name = record.Require("name", "a plan needs a name", errors_)) {
    plan.name = ReadName(*name, "plan name", errors_).value_or("");
  }
  if (const DocumentValue* text = record.Find("description")) {
    plan.description = ReadText(*text, "'description'", errors_).value_or("");
  }
  if (const DocumentValue* seed = record.Find("seed")) plan.seed = ReadNumber(*seed, "'seed'", errors_).value_or(0);
  if (const DocumentValue* loss = record.Find("on_controller_loss")) {
    const std::size_t word = ReadWord(*loss, "'on_controller_loss'", keys::ControllerLosses(), errors_).value_or(0);
    plan.on_controller_loss = word == 0 ? ControllerLoss::kHeal : ControllerLoss::kContinue;
  }
  if (const DocumentValue* patience = record.Find("wait_verified")) ReadPatience(*patience, plan);
  ReadLimits(record, plan);
}

void HeaderReader::ReadPatience(const DocumentValue& value, Plan& plan) {
  const std::optional<Duration> patience = ReadDuration(value, "'wait_verified'", errors_);
  if (!patience) return;
  const absl::Status status = CheckPatience(*patience, plan.on_controller_loss);
  if (!status.ok()) errors_.Add(value.position, absl::StrCat("'wait_verified' ", status.message()));
  plan.wait_verified = patience;
}

void HeaderReader::CheckVersion(const DocumentValue& value) {
  const std::optional<std::uint64_t> version = ReadNumber(value, "'version'", errors_);
  if (version && *version != 1) {
    errors_.Add(value.position, absl::StrCat("'version' must be 1, not ", *version));
  }
}

void HeaderReader::ReadLimits(const Record& record, Plan& plan) {
  constexpr std::uint64_t kMostNodes = 100'000;
  if (const DocumentValue* env = record.Find("env")) plan.env = ReadEnv(*env);
  if (const DocumentValue* nodes = record.Find("max_nodes")) {
    const std::optional<std::uint64_t> most = ReadNumber(*nodes, "'max_nodes'", errors_, 1, kMostNodes);
    if (most) plan.max_nodes = static_cast<std::uint32_t>(*most);
  }
  const DocumentValue* share = record.Find("max_share");
  if (share == nullptr) return;
  plan.max_share = ReadRatio(*share, "'max_share'", errors_);
  if (plan.max_share && (plan.max_share->zero() || *plan.max_share > Ratio::Percent(100))) {
    errors_.Add(share->position,
                absl::StrCat("'max_share' must be above 0 % and at most 100 %, not ", FormatRatio(*plan.max_share)));
  }
}

std::string HeaderReader::ReadEnv(const DocumentValue& value) {
  constexpr std::size_t kLongest = 256;
  const std::string env = ReadText(value, "'env'", errors_).value_or("?");
  if (env.empty() || env.size() > kLongest) {
    errors_.Add(value.position, absl::StrCat("'env' must be the label 'env' of the nodes, of 1 to ", kLongest,
                                             " characters, for example staging"));
  } else if (env.find('*') != std::string::npos) {
    errors_.Add(value.position, "'env' must be one environment; a pattern would also match others");
  }
  return env;
}

Duration HeaderReader::ReadQuiet(const Record& record, const std::string& key, Duration unless_given) {
  constexpr Duration kLongest = std::chrono::hours(24);
  const DocumentValue* value = record.Find(key);
  if (value == nullptr) return unless_given;
  const Duration quiet = ReadDuration(*value, absl::StrCat("'", key, "'"), errors_).value_or(unless_given);
  if (quiet <= kLongest) return quiet;
  errors_.Add(value->position,
              absl::StrCat("'", key, "' is ", FormatDuration(quiet), "; it lasts at most ", FormatDuration(kLongest)));
  return unless_given;
}

void HeaderReader::ReadTimes(const Record& record, Plan& plan) {
  plan.warmup = ReadQuiet(record, "warmup", Duration(0));
  plan.cooldown = ReadQuiet(record, "cooldown", plan.cooldown);
  for (PlanStep& step : plan.steps) step.at += plan.warmup;
  if (const DocumentValue* length = record.Find("length")) ReadLength(*length, record, plan);
}

void HeaderReader::ReadLength(const DocumentValue& value, const Record& record, Plan& plan) {
  const std::optional<Duration> length = ReadDuration(value, "'length'", errors_);
  if (!length) return;
  if (const DocumentValue* cooldown = record.Find("cooldown")) {
    errors_.Add(cooldown->position, "'cooldown' and 'length' exclude each other: what 'length' leaves is the cooldown");
  }
  plan.length = *length;
  Duration last_end = plan.warmup;
  std::string last;
  for (const PlanStep& step : plan.steps) {
    if (step.at + step.length < last_end) continue;
    last_end = step.at + step.length;
    last = step.name;
  }
  plan.cooldown = std::max(*length - last_end, Duration(0));
  if (*length >= last_end) return;
  errors_.Add(value.position,
              absl::StrCat("'length' is ", FormatDuration(*length), ", but step '", last, "' ends at ",
                           FormatDuration(last_end), plan.warmup > Duration(0) ? ", warmup included" : ""));
}

}  // namespace faultline
