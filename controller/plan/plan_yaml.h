#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "controller/plan/plan.h"

namespace faultline {

// One thing wrong with a plan.
struct PlanError {
  SourcePosition position;
  // What is wrong and what was expected; one line.
  std::string message;

  // "file:line:column: message".
  std::string ToString(absl::string_view file_name) const;
};

// What reading a plan gives: the plan when `errors` is empty, else every error there is, by position.
struct ParsedPlan {
  Plan plan;
  std::vector<PlanError> errors;
};

// Reads a plan. Pure; throws nothing; any bytes may be given (at most 1 MiB, 1000 groups, 1000 steps, 100 000 CIDRs).
ParsedPlan ParsePlan(absl::string_view text);

}  // namespace faultline
