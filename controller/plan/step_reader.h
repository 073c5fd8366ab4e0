#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/document/document.h"
#include "common/document/text_error.h"
#include "common/document/value_reader.h"
#include "controller/plan/allowance.h"
#include "controller/plan/expectation_reader.h"
#include "controller/plan/fault_reader.h"
#include "controller/plan/plan.h"
#include "controller/plan/step_names.h"

namespace faultline {

// Reads the value of "steps". Not thread-safe.
class StepsReader {
 public:
  // All must outlive the reader.
  StepsReader(FaultReader& fault, ExpectationReader& expectations, TextErrors& errors)
      : fault_(fault), expectations_(expectations), errors_(errors) {}

  // Adds the steps, with those that "every" repeats, and what they expect.
  void Read(const DocumentValue& value, Plan& plan);
  // By which the plan's other parts name them. After Read.
  const StepNames& names() const { return names_; }

 private:
  // What of a step other steps can refer to.
  struct Known {
    SourcePosition position;
    Duration end{0};
  };
  // How often a step comes, and how long after each other.
  struct Repetition {
    std::uint32_t times = 1;
    Duration every{0};
  };

  void ReadStep(const DocumentValue& value, std::size_t number, Plan& plan);
  std::string ReadStepName(const Record& record, std::size_t number);
  Duration ReadStart(const Record& record, const PlanStep& step, bool first);
  Duration ReadAfter(const DocumentValue& value, const PlanStep& step);
  Duration ReadLength(const Record& record);
  Repetition ReadRepetition(const Record& record, const PlanStep& step);
  // Adds the step as often as it comes, and what it expects each time.
  void AddSteps(const PlanStep& step, Repetition repetition, bool repeated,
                const std::vector<Expectation>& expectations, Plan& plan);
  void AddKnown(const std::string& name, SourcePosition position, Duration end);
  void CheckEnd(const PlanStep& step, Repetition repetition);

  FaultReader& fault_;
  ExpectationReader& expectations_;
  TextErrors& errors_;
  StepNames names_;
  // Steps before the one that is read, by name; and their names in order.
  std::map<std::string, Known> earlier_;
  std::vector<std::string> earlier_names_;
  // Names that any step of the plan has.
  std::set<std::string> all_names_;
  Allowance steps_{1000, "steps"};
  // There are too many, and no more are read.
  bool full_ = false;
};

}  // namespace faultline
