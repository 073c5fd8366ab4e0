#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "common/document/text_error.h"
#include "controller/plan/missing_file.h"
#include "controller/plan/plan.h"

namespace faultline {

// What reading a plan gives: the plan when `errors` is empty, else every error there is, by position.
struct ParsedPlan {
  Plan plan;
  std::vector<TextError> errors;
  // What the plan names and may be files: a text that has it would be right. Each is one of `errors`.
  std::vector<MissingFile> missing_files;
};

// Reads a plan. Pure; throws nothing; any bytes may be given. Work is bounded: at most 8 MiB of text, 1000 groups, 1000
// steps, 100 000 CIDRs, 100 000 samples, 10 000 node names and labels, 10 000 h from T0 to the last step's end, and 1
// MiB that variables fill in. Text that is not UTF-8 or not YAML gives that one error; otherwise every error is found
// in one go.
ParsedPlan ParsePlan(absl::string_view text);

}  // namespace faultline
