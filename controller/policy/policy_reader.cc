#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/document/document.h"
#include "common/document/value_reader.h"
#include "controller/policy/policy.h"
#include "controller/schedule/cron.h"

namespace faultline {
namespace {

using Kind = PolicyRule::Kind;

const std::vector<std::string> kRootKeys = {"rules"};
// In the order of Kind.
const std::vector<std::string> kKinds = {"allow", "deny", "approve"};
const std::vector<std::string> kConditions = {"roles", "users", "hours", "faults", "groups", "cidrs", "envs", "labels"};
const std::vector<std::string> kLimits = {"max_duration", "max_share"};
const std::vector<std::string> kReason = {"reason"};
const std::vector<std::string> kHourKeys = {"days", "from", "to", "zone"};
const std::vector<std::string> kDayNames = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
// In the order of Role.
const std::vector<std::string> kRoles = {"viewer", "operator", "admin"};

class PolicyReader {
 public:
  explicit PolicyReader(TextErrors& errors) : errors_(errors) {}

  std::vector<PolicyRule> Read(const DocumentValue& root) {
    std::vector<PolicyRule> rules;
    const Record record(root, "the policy", kRootKeys, errors_);
    if (!record.valid()) return rules;
    const DocumentValue* list =
        record.Require("rules", "list them, such as '- allow: {roles: [operator], envs: [staging]}'", errors_);
    if (list == nullptr) return rules;
    for (const DocumentPtr& item : ReadList(*list, "'rules'", errors_)) rules.push_back(ReadRule(*item));
    return rules;
  }

 private:
  PolicyRule ReadRule(const DocumentValue& value) {
    PolicyRule rule{.position = value.position};
    const Record record(value, "a rule", kKinds, errors_);
    if (!record.valid()) return rule;
    if (record.size() != 1) {
      errors_.Add(value.position, "a rule is one of 'allow', 'deny' and 'approve'; write one rule for each");
      return rule;
    }
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
      const DocumentValue* const conditions = record.Find(kKinds[i]);
      if (conditions == nullptr) continue;
      rule.kind = static_cast<Kind>(i);
      ReadConditions(*conditions, absl::StrCat("'", kKinds[i], "'"), rule);
    }
    return rule;
  }

  void ReadConditions(const DocumentValue& value, const std::string& what, PolicyRule& rule) {
    const bool allows = rule.kind == Kind::kAllow;
    std::vector<std::string> known = kConditions;
    for (const std::vector<std::string>* more : {&kLimits, &kReason})
      known.insert(known.end(), more->begin(), more->end());
    const Record record(value, what, known, errors_);
    for (const std::string& key : allows ? kReason : kLimits) {
      const DocumentValue* const misplaced = record.Find(key);
      if (misplaced == nullptr) continue;
      errors_.Add(misplaced->position,
                  absl::StrCat("'", key, "' is for ", allows ? "'deny' and 'approve'" : "'allow'"));
    }
    for (const std::size_t role : ReadWords(record, "roles", kRoles)) rule.roles.push_back(static_cast<Role>(role));
    for (const std::size_t kind : ReadWords(record, "faults", FaultKindNames())) {
      rule.faults.push_back(static_cast<FaultKind>(kind));
    }
    rule.users = ReadTexts(record, "users");
    rule.groups = ReadTexts(record, "groups");
    rule.envs = ReadTexts(record, "envs");
    rule.cidrs = ReadCidrs(record);
    if (const DocumentValue* labels = record.Find("labels")) rule.labels = ReadLabels(*labels);
    if (const DocumentValue* hours = record.Find("hours")) rule.hours = ReadHours(*hours);
    ReadLimits(record, rule);
    if (const DocumentValue* reason = record.Find("reason")) {
      rule.reason = ReadText(*reason, "'reason'", errors_).value_or("");
    }
  }

  void ReadLimits(const Record& record, PolicyRule& rule) {
    if (const DocumentValue* longest = record.Find("max_duration")) {
      rule.max_duration = ReadDuration(*longest, "'max_duration'", errors_);
    }
    const DocumentValue* const share = record.Find("max_share");
    if (share == nullptr) return;
    rule.max_share = ReadRatio(*share, "'max_share'", errors_);
    if (rule.max_share && *rule.max_share > Ratio::Percent(100)) {
      errors_.Add(share->position, "'max_share' must be at most 100%");
    }
  }

  // The items of a list, or the one that stands for it.
  std::vector<const DocumentValue*> Items(const Record& record, const std::string& key) {
    const DocumentValue* const value = record.Find(key);
    if (value == nullptr) return {};
    return ReadItems(*value, absl::StrCat("'", key, "'"), errors_);
  }

  std::vector<std::string> ReadTexts(const Record& record, const std::string& key) {
    return ReadTexts(Items(record, key), key);
  }

  std::vector<std::string> ReadTexts(const std::vector<const DocumentValue*>& items, const std::string& key) {
    std::vector<std::string> texts;
    for (const DocumentValue* item : items) {
      const auto text = ReadText(*item, absl::StrCat("one of '", key, "'"), errors_);
      if (!text) continue;
      if (text->empty()) errors_.Add(item->position, absl::StrCat("one of '", key, "' is empty"));
      texts.push_back(*text);
    }
    return texts;
  }

  std::vector<std::size_t> ReadWords(const Record& record, const std::string& key,
                                     const std::vector<std::string>& words) {
    std::vector<std::size_t> found;
    for (const DocumentValue* item : Items(record, key)) {
      const auto word = ReadWord(*item, absl::StrCat("one of '", key, "'"), words, errors_);
      if (word) found.push_back(*word);
    }
    return found;
  }

  PrefixSet ReadCidrs(const Record& record) {
    std::vector<Prefix> prefixes;
    for (const DocumentValue* item : Items(record, "cidrs")) {
      const auto text = ReadText(*item, "one of 'cidrs'", errors_);
      if (!text) continue;
      const absl::StatusOr<Prefix> prefix = Prefix::Parse(*text);
      if (prefix.ok()) {
        prefixes.push_back(*prefix);
      } else {
        errors_.Add(item->position, absl::StrCat("one of 'cidrs': ", prefix.status().message()));
      }
    }
    return PrefixSet(std::move(prefixes));
  }

  std::map<std::string, std::vector<std::string>> ReadLabels(const DocumentValue& value) {
    std::map<std::string, std::vector<std::string>> labels;
    for (const Field& field : ReadFields(value, "'labels'", errors_)) {
      const std::vector<const DocumentValue*> items =
          ReadItems(*field.value, absl::StrCat("label '", field.name, "'"), errors_);
      labels[field.name] = ReadTexts(items, field.name);
    }
    return labels;
  }

  std::optional<Hours> ReadHours(const DocumentValue& value) {
    const Record record(value, "'hours'", kHourKeys, errors_);
    if (!record.valid()) return std::nullopt;
    Hours hours;
    if (const DocumentValue* zone = record.Require("zone", "name one, such as 'zone: Europe/London'", errors_)) {
      const std::string name = ReadText(*zone, "'zone'", errors_).value_or("UTC");
      const absl::StatusOr<absl::TimeZone> found = ReadTimeZone(name);
      if (found.ok()) {
        hours.zone = *found;
      } else {
        errors_.Add(zone->position, found.status().message());
      }
    }
    if (record.Find("days") != nullptr) hours.days = ReadDays(Items(record, "days"));
    hours.from = ReadClock(record, "from", hours.from);
    hours.to = ReadClock(record, "to", hours.to);
    if (hours.from == hours.to)
      errors_.Add(value.position, "'hours' end when they begin; leave out both for whole days");
    return hours;
  }

  // Each "mon" or "mon-fri"; "sat-mon" goes over the week's end.
  std::bitset<7> ReadDays(const std::vector<const DocumentValue*>& items) {
    std::bitset<7> days;
    for (const DocumentValue* item : items) {
      const auto text = ReadText(*item, "one of 'days'", errors_);
      if (!text) continue;
      const std::vector<std::string> ends = absl::StrSplit(absl::AsciiStrToLower(*text), '-');
      const auto first = std::ranges::find(kDayNames, ends.front());
      const auto last = std::ranges::find(kDayNames, ends.back());
      if (ends.size() > 2 || first == kDayNames.end() || last == kDayNames.end()) {
        errors_.Add(item->position, absl::StrCat("one of 'days' is '", *text, "'; expected ",
                                                 absl::StrJoin(kDayNames, ", "), " or a range such as mon-fri"));
        continue;
      }
      auto day = static_cast<std::size_t>(first - kDayNames.begin());
      days.set(day);
      for (; kDayNames[day] != *last; days.set(day)) day = (day + 1) % kDayNames.size();
    }
    return days;
  }

  // "09:00", up to "24:00".
  Duration ReadClock(const Record& record, const std::string& key, Duration otherwise) {
    const DocumentValue* const value = record.Find(key);
    if (value == nullptr) return otherwise;
    const auto text = ReadText(*value, absl::StrCat("'", key, "'"), errors_);
    if (!text) return otherwise;
    const auto digit = [&text](std::size_t place) {
      return absl::ascii_isdigit(static_cast<unsigned char>((*text)[place]));
    };
    if (text->size() == 5 && digit(0) && digit(1) && (*text)[2] == ':' && digit(3) && digit(4)) {
      const int hour = std::stoi(text->substr(0, 2));
      const int minute = std::stoi(text->substr(3));
      const Duration clock = std::chrono::hours(hour) + std::chrono::minutes(minute);
      if (minute < 60 && clock <= std::chrono::hours(24)) return clock;
    }
    errors_.Add(value->position, absl::StrCat("'", key, "' is '", *text,
                                              "'; expected a time of the day such as \"09:00\", up to \"24:00\""));
    return otherwise;
  }

  TextErrors& errors_;
};

}  // namespace

absl::StatusOr<Policy> ParsePolicy(absl::string_view text, absl::string_view path) {
  TextErrors errors;
  const std::size_t slash = path.rfind('/');
  Policy policy{.file_name = std::string(slash == path.npos ? path : path.substr(slash + 1)), .rules = {}};
  if (const DocumentPtr root = ParseDocument(text, errors)) policy.rules = PolicyReader(errors).Read(*root);
  if (!errors.empty()) return absl::InvalidArgumentError(JoinErrors(errors.Take(), path));
  return policy;
}

}  // namespace faultline
