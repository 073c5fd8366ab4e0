#include "controller/plan/fault_reader.h"

#include <algorithm>
#include <array>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace faultline {
namespace {

std::vector<std::string> With(std::vector<std::string> keys, std::span<const std::string> more) {
  keys.insert(keys.end(), more.begin(), more.end());
  return keys;
}

std::span<const std::string> BlockKeys() {
  static const auto& keys = *new std::vector<std::string>(With({"from", "to", "action"}, FilterReader::Keys()));
  return keys;
}

std::span<const std::string> PartitionKeys() {
  static const auto& keys = *new std::vector<std::string>(With({"groups", "action"}, FilterReader::Keys()));
  return keys;
}

std::span<const std::string> ImpairKeys() {
  static const auto& keys = *new std::vector<std::string>(
      With(With({"from", "to", "between"}, ImpairmentReader::Keys()), FilterReader::Keys()));
  return keys;
}

std::span<const std::string> FlapKeys() {
  static const std::array<std::string, 3> keys = {"down", "up", "jitter"};
  return keys;
}

std::span<const std::string> Actions() {
  static const std::array<std::string, 2> words = {"drop", "reject"};
  return words;
}

std::span<const std::string> Semantics() {
  static const std::array<std::string, 1> words = {"security-group"};
  return words;
}

}  // namespace

std::span<const std::string> FaultReader::Keys() {
  static const std::array<std::string, 6> keys = {"block", "partition", "impair", "flap", "ramp", "semantics"};
  return keys;
}

void FaultReader::Read(const Record& record, PlanStep& step) {
  const DocumentValue* block = record.Find("block");
  const DocumentValue* partition = record.Find("partition");
  const DocumentValue* impair = record.Find("impair");
  const DocumentValue* ramp = record.Find("ramp");
  std::vector<std::string> faults;
  if (block != nullptr) faults.push_back("'block'");
  if (partition != nullptr) faults.push_back("'partition'");
  if (impair != nullptr) faults.push_back("'impair'");
  if (faults.size() != 1) {
    errors_.Add(record.position(),
                absl::StrCat("a step has exactly one of 'block', 'partition' and 'impair'; this one has ",
                             faults.empty() ? "none" : absl::StrJoin(faults, " and ")));
  }
  if (block != nullptr) ReadBlock(*block, step);
  if (partition != nullptr) ReadPartition(*partition, step);
  if (impair != nullptr) ReadImpair(*impair, ramp, step);
  if (ramp != nullptr && impair == nullptr) {
    errors_.Add(ramp->position,
                "'ramp' is for 'impair': only a number can grow; for a cut that comes and goes, write 'flap'");
  }
  if (const DocumentValue* flap = record.Find("flap")) step.flap = ReadFlap(*flap);
  if (const DocumentValue* semantics = record.Find("semantics")) ReadSemantics(*semantics, record, step);
}

void FaultReader::ReadBlock(const DocumentValue& value, PlanStep& step) {
  const Record record(value, "'block'", BlockKeys(), errors_);
  step.ends = ReadOneWay(record);
  step.effect = ReadAction(record);
  filter_.Read(record, step);
}

void FaultReader::ReadPartition(const DocumentValue& value, PlanStep& step) {
  if (value.kind != DocumentValue::Kind::kMapping) {
    step.ends = ReadBetween(value, "'partition'");
    return;
  }
  const Record record(value, "'partition'", PartitionKeys(), errors_);
  const DocumentValue* groups = record.Require("groups", "name two groups or more", errors_);
  step.ends = groups != nullptr ? ReadBetween(*groups, "'groups'") : Between();
  step.effect = ReadAction(record);
  filter_.Read(record, step);
}

void FaultReader::ReadImpair(const DocumentValue& value, const DocumentValue* ramp, PlanStep& step) {
  const Record record(value, "'impair'", ImpairKeys(), errors_);
  if (!record.valid()) return;
  step.ends = ReadEnds(record);
  filter_.Read(record, step);
  ImpairmentReader reader(std::holds_alternative<Between>(step.ends), samples_, errors_);
  const Impairment impairment = reader.Read(record);
  step.effect = impairment;
  if (ramp != nullptr) step.ramp = reader.ReadRamp(*ramp, impairment, step.length);
  reader.Check(value, impairment, ramp, step.ramp);
  if (const DocumentValue* connections = record.Find("connections")) {
    const std::string impossible = Impossible({.effect = step.effect, .filter = step.filter}, Side::kReceiver);
    if (!impossible.empty()) errors_.Add(connections->position, absl::StrCat("'connections': ", impossible));
  }
}

void FaultReader::ReadSemantics(const DocumentValue& value, const Record& record, PlanStep& step) {
  if (!ReadWord(value, "'semantics'", Semantics(), errors_)) return;
  if (record.Find("impair") != nullptr) {
    errors_.Add(value.position,
                "'semantics: security-group' is for 'block' and 'partition': a security group cannot impair");
  } else if (std::holds_alternative<Reject>(step.effect)) {
    errors_.Add(value.position,
                "'semantics: security-group' and 'action: reject' exclude each other: a security group "
                "drops silently");
  } else if (step.filter.connection != Connection::kAny) {
    errors_.Add(value.position,
                "'semantics: security-group' and 'connections' exclude each other: it means "
                "'connections: new'");
  } else {
    step.filter.connection = Connection::kNew;
  }
}

Flap FaultReader::ReadFlap(const DocumentValue& value) {
  // Stands for a phase that could not be read.
  constexpr Duration kSomePhase = kLongestPhase;
  const Record record(value, "'flap'", FlapKeys(), errors_);
  const DocumentValue* down = record.Require("down", "say how long the fault is on, for example 'down: 2s'", errors_);
  const DocumentValue* up = record.Require("up", "say how long it is off, for example 'up: 5s'", errors_);
  const DocumentValue* jitter = record.Find("jitter");
  Flap flap{kSomePhase, kSomePhase, Duration(0)};
  if (down != nullptr) flap.down = ReadDuration(*down, "'down'", errors_).value_or(kSomePhase);
  if (up != nullptr) flap.up = ReadDuration(*up, "'up'", errors_).value_or(kSomePhase);
  if (jitter != nullptr) flap.jitter = ReadDuration(*jitter, "'jitter'", errors_).value_or(Duration(0));
  for (const FieldError& error : CheckFlap(flap)) {
    const DocumentValue& place = FindPath(value, absl::StripPrefix(error.field, "flap."));
    errors_.Add(place.position, absl::StrCat("'", error.field, "': ", error.message));
  }
  return flap;
}

OneWay FaultReader::ReadOneWay(const Record& fault) {
  const DocumentValue* from = fault.Require("from", "name the group that sends", errors_);
  const DocumentValue* to = fault.Require("to", "name the group that receives", errors_);
  OneWay ends;
  if (from != nullptr) ends.from = ReadGroupUse(*from).value_or("");
  if (to != nullptr) ends.to = ReadGroupUse(*to).value_or("");
  if (!ends.from.empty() && ends.from == ends.to) {
    errors_.Add(to->position,
                absl::StrCat("'from' and 'to' are both '", ends.to, "'; a fault is between two different groups"));
  }
  return ends;
}

Between FaultReader::ReadBetween(const DocumentValue& value, absl::string_view what) {
  Between between;
  const std::span<const DocumentPtr> items = ReadList(value, what, errors_);
  if (items.size() == 1) errors_.Add(value.position, absl::StrCat(what, " needs at least two groups"));
  std::set<std::string> seen;
  for (const DocumentPtr& item : items) {
    const std::optional<std::string> group = ReadGroupUse(*item);
    if (!group) continue;
    if (seen.insert(*group).second) {
      between.groups.push_back(*group);
    } else {
      errors_.Add(item->position, absl::StrCat("group '", *group, "' comes twice in ", what));
    }
  }
  return between;
}

Ends FaultReader::ReadEnds(const Record& fault) {
  const DocumentValue* between = fault.Find("between");
  const bool one_way = fault.Find("from") != nullptr || fault.Find("to") != nullptr;
  if (between == nullptr && !one_way) {
    errors_.Add(fault.position(),
                "'impair' has no ends; name one way's by 'from' and 'to', or both ways' by 'between'");
    return Between();
  }
  if (between != nullptr && one_way) {
    errors_.Add(between->position, "'between' and 'from' or 'to' exclude each other: 'between' is both ways");
  }
  if (between == nullptr) return ReadOneWay(fault);
  return ReadBetween(*between, "'between'");
}

Effect FaultReader::ReadAction(const Record& fault) {
  const DocumentValue* action = fault.Find("action");
  if (action != nullptr && ReadWord(*action, "'action'", Actions(), errors_).value_or(0) == 1) return Reject();
  return Drop();
}

std::optional<std::string> FaultReader::ReadGroupUse(const DocumentValue& value) {
  const std::optional<std::string> name = ReadText(value, "a group", errors_);
  if (!name || groups_.empty() || std::binary_search(groups_.begin(), groups_.end(), *name)) return name;
  errors_.Add(value.position, absl::StrCat("unknown group '", *name, "'", errors_.Suggest(*name, groups_)));
  return std::nullopt;
}

}  // namespace faultline
