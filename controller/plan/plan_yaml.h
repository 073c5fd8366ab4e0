#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "common/document/text_error.h"
#include "controller/plan/plan.h"
#include "controller/plan/sample_lists.h"

namespace faultline {

// What reading a plan gives: the plan when `errors` is empty, else every error there is, by position.
struct ParsedPlan {
  Plan plan;
  std::vector<TextError> errors;
  // Samples that may be meant as files: a text with them under "samples" would be right. Each is one of `errors`, at
  // its position.
  std::vector<UnknownSamples> unknown_samples;
};

// Reads a plan. Pure; throws nothing; any bytes may be given. Work is bounded: at most 1 MiB of text, 1000 groups, 1000
// steps, 100 000 CIDRs, 100 000 samples, 10 000 node names and labels, 10 000 h from T0 to the last step's end. Text
// that is not UTF-8 or not YAML gives that one error; otherwise every error is found in one go.
ParsedPlan ParsePlan(absl::string_view text);

}  // namespace faultline
