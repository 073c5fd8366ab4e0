#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/plan/plan.h"
#include "faultline/v1/control.pb.h"

namespace faultline {

// A plan as a command line names it.
struct PlanArguments {
  // A file, or the name of one of the library.
  std::string plan;
  // "name=value", of its variables.
  std::vector<std::string> set;
};

// The plan, whole: with its settings and with the files that it names, those of a library plan from the working
// directory. INVALID_ARGUMENT and NOT_FOUND say what is wrong, in a file as file:line:column.
absl::StatusOr<v1::PlanSource> ReadPlanSource(const PlanArguments& arguments);

// The same of a text that a person did not write to a file; `name` is what errors call it.
absl::StatusOr<v1::PlanSource> WholePlan(std::string text, const std::string& directory, const std::string& name);

// Errors of the language need no controller to be found. INVALID_ARGUMENT has all of them, one a line.
absl::StatusOr<Plan> ParseSource(const v1::PlanSource& source);

}  // namespace faultline
