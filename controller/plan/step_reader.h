#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/document/document.h"
#include "common/document/text_error.h"
#include "common/document/value_reader.h"
#include "controller/plan/fault_reader.h"
#include "controller/plan/plan.h"

namespace faultline {

// Reads the value of "steps".
class StepsReader {
 public:
  // Both must outlive the reader.
  StepsReader(FaultReader& fault, TextErrors& errors) : fault_(fault), errors_(errors) {}

  std::vector<PlanStep> Read(const DocumentValue& value);

 private:
  // What of a step other steps can refer to.
  struct Known {
    SourcePosition position;
    Duration end{0};
  };

  PlanStep ReadStep(const DocumentValue& value, std::size_t number);
  std::string ReadStepName(const Record& record, std::size_t number);
  Duration ReadStart(const Record& record, const PlanStep& step, bool first);
  Duration ReadAfter(const DocumentValue& value, const PlanStep& step);
  Duration ReadLength(const Record& record);
  void CheckEnd(const PlanStep& step);

  FaultReader& fault_;
  TextErrors& errors_;
  // Steps before the one that is read, by name; and their names in order.
  std::map<std::string, Known> earlier_;
  std::vector<std::string> earlier_names_;
  // Names that any step of the plan has.
  std::set<std::string> all_names_;
};

}  // namespace faultline
