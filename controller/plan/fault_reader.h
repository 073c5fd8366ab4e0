#pragma once

#include <string>

#include "common/document/text_error.h"
#include "common/document/value_reader.h"
#include "controller/plan/cidr_reader.h"
#include "controller/plan/ends_reader.h"
#include "controller/plan/filter_reader.h"
#include "controller/plan/group_names.h"
#include "controller/plan/impairment_reader.h"
#include "controller/plan/keys.h"
#include "controller/plan/plan.h"
#include "controller/plan/sample_lists.h"

namespace faultline {

// Reads what a step does: its one fault, and how that flaps or grows. Not thread-safe.
class FaultReader {
 public:
  // All must outlive the reader.
  FaultReader(GroupNames& groups, CidrReader& cidrs, SampleLists& samples, TextErrors& errors)
      : ends_(groups, errors), filter_(cidrs, errors), samples_(samples), errors_(errors) {}

  // Sets all of the step but its name, position and time, which must be set.
  void Read(const Record& record, PlanStep& step);

 private:
  void ReadFault(Fault fault, const DocumentValue& value, PlanStep& step);
  void ReadImpairment(const DocumentValue& value, const DocumentValue* ramp, const Record& record, PlanStep& step);
  void ReadSemantics(const DocumentValue& value, const Record& record, PlanStep& step);
  Flap ReadFlap(const DocumentValue& value);
  Effect ReadAction(const Record& fault);

  EndsReader ends_;
  FilterReader filter_;
  SampleLists& samples_;
  TextErrors& errors_;
};

}  // namespace faultline
