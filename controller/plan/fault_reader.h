#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/document/text_error.h"
#include "common/document/value_reader.h"
#include "controller/plan/cidr_reader.h"
#include "controller/plan/filter_reader.h"
#include "controller/plan/impairment_reader.h"
#include "controller/plan/plan.h"
#include "controller/plan/sample_lists.h"

namespace faultline {

// Reads what a step does: its one fault, and how that flaps or grows.
class FaultReader {
 public:
  // "block", "flap" and so on: the keys of a step beside its name and time.
  static std::span<const std::string> Keys();

  // Groups that are not in `groups` (sorted) are unknown; when there are none at all, that was an error already and no
  // group is. All must outlive the reader.
  FaultReader(const std::vector<std::string>& groups, CidrReader& cidrs, SampleLists& samples, TextErrors& errors)
      : groups_(groups), filter_(cidrs, errors), samples_(samples), errors_(errors) {}

  // Sets all of the step but its name, position and time, which must be set.
  void Read(const Record& record, PlanStep& step);

 private:
  void ReadBlock(const DocumentValue& value, PlanStep& step);
  void ReadPartition(const DocumentValue& value, PlanStep& step);
  void ReadImpair(const DocumentValue& value, const DocumentValue* ramp, PlanStep& step);
  void ReadSemantics(const DocumentValue& value, const Record& record, PlanStep& step);
  Flap ReadFlap(const DocumentValue& value);

  OneWay ReadOneWay(const Record& fault);
  Between ReadBetween(const DocumentValue& value, absl::string_view what);
  // Of "impair", which has either.
  Ends ReadEnds(const Record& fault);
  Effect ReadAction(const Record& fault);
  // The name of an existing group.
  std::optional<std::string> ReadGroupUse(const DocumentValue& value);

  const std::vector<std::string>& groups_;
  FilterReader filter_;
  SampleLists& samples_;
  TextErrors& errors_;
};

}  // namespace faultline
