#include "controller/plan/step_reader.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "common/duration.h"

namespace faultline {
namespace {

constexpr std::size_t kMostSteps = 1000;
constexpr Duration kLongestPlan = std::chrono::hours(10'000);

std::span<const std::string> StepKeys() {
  static const std::array<std::string, 6> keys = {"name", "at", "after", "for", "block", "partition"};
  return keys;
}

std::span<const std::string> BlockKeys() {
  static const std::array<std::string, 2> keys = {"from", "to"};
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

StepsReader::StepsReader(const std::map<std::string, Group>& groups, TextErrors& errors) : errors_(errors) {
  for (const auto& [name, group] : groups) groups_.push_back(name);
}

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
  if (std::optional<Fault> fault = ReadFault(record)) step.fault = *std::move(fault);
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

std::optional<Fault> StepsReader::ReadFault(const Record& record) {
  const DocumentValue* block = record.Find("block");
  const DocumentValue* partition = record.Find("partition");
  if ((block == nullptr) == (partition == nullptr)) {
    errors_.Add(record.position(), absl::StrCat("a step has exactly one of 'block' and 'partition'; this one has ",
                                                block == nullptr ? "neither" : "both"));
  }
  std::optional<Fault> fault;
  if (block != nullptr) fault = ReadBlock(*block);
  if (partition != nullptr) fault = ReadPartition(*partition);
  return fault;
}

BlockFault StepsReader::ReadBlock(const DocumentValue& value) {
  const Record record(value, "'block'", BlockKeys(), errors_);
  const DocumentValue* from = record.Require("from", "name the group whose packets vanish", errors_);
  const DocumentValue* to = record.Require("to", "name the group they no longer reach", errors_);
  BlockFault block;
  if (from != nullptr) block.from = ReadGroupUse(*from).value_or("");
  if (to != nullptr) block.to = ReadGroupUse(*to).value_or("");
  if (!block.from.empty() && block.from == block.to) {
    errors_.Add(to->position,
                absl::StrCat("'from' and 'to' are both '", block.to, "'; a block is between two different groups"));
  }
  return block;
}

PartitionFault StepsReader::ReadPartition(const DocumentValue& value) {
  PartitionFault partition;
  const std::span<const DocumentPtr> items = ReadList(value, "'partition'", errors_);
  if (items.size() == 1) errors_.Add(value.position, "'partition' needs at least two groups");
  std::set<std::string> seen;
  for (const DocumentPtr& item : items) {
    const std::optional<std::string> group = ReadGroupUse(*item);
    if (!group) continue;
    if (seen.insert(*group).second) {
      partition.groups.push_back(*group);
    } else {
      errors_.Add(item->position, absl::StrCat("group '", *group, "' comes twice in this partition"));
    }
  }
  return partition;
}

std::optional<std::string> StepsReader::ReadGroupUse(const DocumentValue& value) {
  const std::optional<std::string> name = ReadText(value, "a group", errors_);
  if (!name || groups_.empty() || std::binary_search(groups_.begin(), groups_.end(), *name)) return name;
  errors_.Add(value.position, absl::StrCat("unknown group '", *name, "'", errors_.Suggest(*name, groups_)));
  return std::nullopt;
}

}  // namespace faultline
