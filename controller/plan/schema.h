#pragma once

#include <string>

namespace faultline {

// The plan language as a JSON Schema (draft 2020-12), for editors: every key that the readers know, from their own
// lists. What passes may still be wrong in ways that only ParsePlan finds. Ends with a line break.
std::string PlanSchema();

}  // namespace faultline
