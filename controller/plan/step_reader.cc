#include "controller/plan/step_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/name.h"
#include "controller/plan/keys.h"

namespace faultline {
namespace {

constexpr Duration kLongestPlan = std::chrono::hours(10'000);

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

void StepsReader::Read(const DocumentValue& value, Plan& plan) {
  const std::span<const DocumentPtr> list = ReadList(value, "'steps'", errors_);
  all_names_ = NamesOf(list);
  std::size_t number = 0;
  for (const DocumentPtr& item : list) {
    ReadStep(*item, ++number, plan);
    if (full_) break;
  }
}

void StepsReader::ReadStep(const DocumentValue& value, std::size_t number, Plan& plan) {
  const Record record(value, "a step", keys::Step(), errors_);
  PlanStep step;
  step.position = value.position;
  if (!record.valid()) return;
  step.name = ReadStepName(record, number);
  step.at = ReadStart(record, step, /*first=*/number == 1);
  step.length = ReadLength(record);
  const bool repeated = record.Find("every") != nullptr || record.Find("times") != nullptr;
  const Repetition repetition = ReadRepetition(record, step);
  CheckEnd(step, repetition);
  fault_.Read(record, step);
  std::vector<Expectation> expectations;
  if (const DocumentValue* expect = record.Find("expect")) expectations = expectations_.ReadOfStep(*expect, step);
  AddSteps(step, repetition, repeated, expectations, plan);
  if (!repeated) return;
  const Duration last = std::min(step.at, kLongestPlan) + repetition.every * (repetition.times - 1);
  AddKnown(step.name, step.position, std::min(last + step.length, kLongestPlan));
}

void StepsReader::AddSteps(const PlanStep& step, Repetition repetition, bool repeated,
                           const std::vector<Expectation>& expectations, Plan& plan) {
  const auto name_of = [&](std::uint32_t number) {
    return repeated ? absl::StrCat(step.name, ".", number) : step.name;
  };
  if (const absl::Status name = CheckName(name_of(repetition.times), "the last repetition's name"); !name.ok()) {
    errors_.Add(step.position, name.message());
  }
  for (std::uint32_t i = 0; i < repetition.times; ++i) {
    full_ = full_ || !steps_.Take(step.position, errors_);
    if (full_) return;
    const std::string name = name_of(i + 1);
    if (const auto same = earlier_.find(name); repeated && same != earlier_.end()) {
      errors_.Add(step.position, absl::StrCat("repetition '", name, "' has the name of the step at ",
                                              same->second.position.line, ":", same->second.position.column));
      return;
    }
    PlanStep& one = plan.steps.emplace_back(step);
    one.name = name;
    one.at = step.at + repetition.every * i;
    AddKnown(name, step.position, std::min(one.at + one.length, kLongestPlan));
    names_[step.name].push_back(name);
    if (repeated) names_[name] = {name};
    expectations_.Add(expectations, name, plan.expectations);
  }
}

void StepsReader::AddKnown(const std::string& name, SourcePosition position, Duration end) {
  if (earlier_.emplace(name, Known{position, end}).second) earlier_names_.push_back(name);
}

StepsReader::Repetition StepsReader::ReadRepetition(const Record& record, const PlanStep& step) {
  constexpr std::uint64_t kMostTimes = 1000;
  const DocumentValue* every = record.Find("every");
  const DocumentValue* times = record.Find("times");
  Repetition repetition;
  if (every == nullptr && times == nullptr) return repetition;
  if (every == nullptr || times == nullptr) {
    errors_.Add((every != nullptr ? every : times)->position,
                absl::StrCat("'every' and 'times' belong together, for example 'every: 30s, times: 5'"));
    return repetition;
  }
  const std::optional<Duration> gap = ReadDuration(*every, "'every'", errors_);
  const std::optional<std::uint64_t> count = ReadNumber(*times, "'times'", errors_, 1, kMostTimes);
  if (!gap || !count) return repetition;
  if (*gap < step.length) {
    errors_.Add(every->position, absl::StrCat("'every' is ", FormatDuration(*gap), ", shorter than the step's ",
                                              FormatDuration(step.length), "; it is counted from start to start"));
    return repetition;
  }
  if (*gap > kLongestPlan / static_cast<std::int64_t>(*count)) {
    errors_.Add(every->position,
                absl::StrCat("repeated ", *count, " times every ", FormatDuration(*gap),
                             ", the step goes on too long; a plan lasts at most ", FormatDuration(kLongestPlan)));
    return repetition;
  }
  return {static_cast<std::uint32_t>(*count), *gap};
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
  if (!first && !record.MayBe("at") && !record.MayBe("after")) {
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

void StepsReader::CheckEnd(const PlanStep& step, Repetition repetition) {
  const Duration end = step.at + repetition.every * (repetition.times - 1) + step.length;
  if (end <= kLongestPlan) return;
  errors_.Add(step.position, absl::StrCat("step '", step.name, "' ends ", FormatDuration(end),
                                          " after the start; a plan lasts at most ", FormatDuration(kLongestPlan)));
}

}  // namespace faultline
