#include "controller/plan/fault_reader.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace faultline {

void FaultReader::Read(const Record& record, PlanStep& step) {
  const DocumentValue* ramp = record.Find("ramp");
  const DocumentValue* impair = record.Find("impair");
  std::vector<std::string> names;
  const Words faults = keys::Faults();
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const DocumentValue* value = record.Find(faults[i]);
    if (value == nullptr) continue;
    names.push_back(absl::StrCat("'", faults[i], "'"));
    if (value != impair) ReadFault(static_cast<Fault>(i), *value, step);
    if (value == impair) {
      const Record parts(*value, "'impair'", keys::OfFault(Fault::kImpair), errors_);
      if (parts.valid()) ReadImpairment(*value, ramp, parts, step);
    }
  }
  const bool misspelt = names.empty() && std::any_of(faults.begin(), faults.end(),
                                                     [&](const std::string& fault) { return record.MayBe(fault); });
  if (names.size() != 1 && !misspelt) {
    errors_.Add(record.position(),
                names.empty()
                    ? "a step has one fault, such as 'block', 'partition', 'isolate' or 'impair'; this one has none"
                    : absl::StrCat("a step has one fault; this one has ", absl::StrJoin(names, " and "),
                                   ", which may be two steps at the same time"));
  }
  if (ramp != nullptr && impair == nullptr) {
    errors_.Add(ramp->position,
                "'ramp' is for 'impair': only a number can grow; for a cut that comes and goes, write 'flap'");
  }
  if (const DocumentValue* flap = record.Find("flap")) step.flap = ReadFlap(*flap);
  if (const DocumentValue* semantics = record.Find("semantics")) ReadSemantics(*semantics, record, step);
}

void FaultReader::ReadFault(Fault fault, const DocumentValue& value, PlanStep& step) {
  step.effect = Drop();
  if (std::optional<Ends> ends = ends_.ReadShort(fault, value)) {
    step.ends = *std::move(ends);
    return;
  }
  const std::string& name = keys::Faults()[static_cast<std::size_t>(fault)];
  const std::string what = absl::StrCat("'", name, "'");
  const bool one_way = fault == Fault::kBlock || fault == Fault::kBlackhole;
  if (one_way && value.kind != DocumentValue::Kind::kMapping) {
    errors_.Add(value.position, absl::StrCat(what, " must say which way; write '", name, ": {from: A, to: B}'"));
    return;
  }
  const Record record(value, what, keys::OfFault(fault), errors_);
  if (!record.valid()) return;
  step.ends = ends_.Read(fault, record);
  step.effect = ReadAction(record);
  filter_.Read(record, step);
}

void FaultReader::ReadImpairment(const DocumentValue& value, const DocumentValue* ramp, const Record& record,
                                 PlanStep& step) {
  step.ends = ends_.Read(Fault::kImpair, record);
  filter_.Read(record, step);
  ImpairmentReader reader(!std::holds_alternative<OneWay>(step.ends), samples_, errors_);
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
  if (!ReadWord(value, "'semantics'", keys::Semantics(), errors_)) return;
  if (record.Find("impair") != nullptr) {
    errors_.Add(value.position, "'semantics: security-group' is for cuts: a security group cannot impair");
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
  const Record record(value, "'flap'", keys::Flap(), errors_);
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

Effect FaultReader::ReadAction(const Record& fault) {
  const DocumentValue* action = fault.Find("action");
  if (action != nullptr && ReadWord(*action, "'action'", keys::Actions(), errors_).value_or(0) == 1) return Reject();
  return Drop();
}

}  // namespace faultline
