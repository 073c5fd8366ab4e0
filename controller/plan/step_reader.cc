#include "controller/plan/step_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/duration.h"

namespace faultline {
namespace {

constexpr std::size_t kMostSteps = 1000;
constexpr Duration kLongestPlan = std::chrono::hours(10'000);

std::span<const std::string> StepKeys() {
  static const auto& keys = *new std::vector<std::string>([] {
    std::vector<std::string> all = {"name", "at", "after", "for"};
    all.insert(all.end(), FaultReader::Keys().begin(), FaultReader::Keys().end());
    return all;
  }());
  return keys;
}

std::set<std::string> NamesOf(std::span<const DocumentPtr> steps) {
  std::set<std::string> names;
  for (const DocumentPtr& step : steps) {
    for (const auto& [key, value] : step->entries) {
      if (key->text == "name") names.insert(value->text);
    }
  }
  return names;
}

}  // namespace

std::vector<PlanStep> StepsReader::Read(const DocumentValue& value) {
  const std::span<const DocumentPtr> list = ReadList(value, "'steps'", errors_);
  if (list.size() > kMostSteps) {
    errors_.Add(list[kMostSteps]->position, absl::StrCat("a plan has at most ", kMostSteps, " steps"));
  }
  all_names_ = NamesOf(list);
  std::vector<PlanStep> steps;
  for (const DocumentPtr& item : list.first(std::min(list.size(), kMostSteps))) {
    steps.push_back(ReadStep(*item, steps.size() + 1));
  }
  return steps;
}

PlanStep StepsReader::ReadStep(const DocumentValue& value, std::size_t number) {
  const Record record(value, "a step", StepKeys(), errors_);
  PlanStep step;
  step.position = value.position;
  if (!record.valid()) return step;
  step.name = ReadStepName(record, number);
  step.at = ReadStart(record, step, /*first=*/number == 1);
  step.length = ReadLength(record);
  CheckEnd(step);
  fault_.Read(record, step);
  if (earlier_.emplace(step.name, Known{step.position, std::min(step.at + step.length, kLongestPlan)}).second) {
    earlier_names_.push_back(step.name);
  }
  return step;
}

std::string StepsReader::ReadStepName(const Record& record, std::size_t number) {
  std::string name = absl::StrCat("step-", number);
  SourcePosition position = record.position();
  if (const DocumentValue* value = record.Find("name")) {
    position = value->position;
    name = ReadName(*value, "step name", errors_).value_or(name);
  }
  if (const auto same = earlier_.find(name); same != earlier_.end()) {
    errors_.Add(position, absl::StrCat("step name '", name, "' is taken by the step at ", same->second.position.line,
                                       ":", same->second.position.column));
  }
  return name;
}

Duration StepsReader::ReadStart(const Record& record, const PlanStep& step, bool first) {
  const DocumentValue* at = record.Find("at");
  const DocumentValue* after = record.Find("after");
  if (at != nullptr && after != nullptr) {
    errors_.Add(after->position, absl::StrCat("step '", step.name, "' has both 'at' and 'after'; one says its start"));
  }
  if (at != nullptr) return ReadDuration(*at, "'at'", errors_).value_or(Duration(0));
  if (after != nullptr) return ReadAfter(*after, step);
  if (!first) {
    errors_.Add(record.position(), absl::StrCat("step '", step.name, "' has no start; write 'at: 30s' or 'after: ",
                                                earlier_names_.empty() ? "STEP" : earlier_names_.back(), "'"));
  }
  return Duration(0);
}

Duration StepsReader::ReadAfter(const DocumentValue& value, const PlanStep& step) {
  const std::optional<std::string> name = ReadText(value, "'after'", errors_);
  if (!name) return Duration(0);
  if (const auto earlier = earlier_.find(*name); earlier != earlier_.end()) return earlier->second.end;
  if (*name == step.name) {
    errors_.Add(value.position, absl::StrCat("step '", step.name, "' cannot begin after itself"));
  } else if (all_names_.contains(*name)) {
    errors_.Add(value.position, absl::StrCat("'after' must name an earlier step, but '", *name, "' comes later"));
  } else {
    errors_.Add(value.position, absl::StrCat("unknown step '", *name, "'", errors_.Suggest(*name, earlier_names_)));
  }
  return Duration(0);
}

Duration StepsReader::ReadLength(const Record& record) {
  const DocumentValue* value = record.Require("for", "say how long it lasts, for example 'for: 30s'", errors_);
  if (value == nullptr) return Duration(0);
  const std::optional<Duration> length = ReadDuration(*value, "'for'", errors_);
  if (!length) return Duration(0);
  if (*length < kShortestStep) {
    errors_.Add(value->position, absl::StrCat("'for' is ", FormatDuration(*length), "; a step lasts at least ",
                                              FormatDuration(kShortestStep)));
  }
  return *length;
}

void StepsReader::CheckEnd(const PlanStep& step) {
  if (step.at + step.length <= kLongestPlan) return;
  errors_.Add(step.position, absl::StrCat("step '", step.name, "' ends ", FormatDuration(step.at + step.length),
                                          " after the start; a plan lasts at most ", FormatDuration(kLongestPlan)));
}

}  // namespace faultline
