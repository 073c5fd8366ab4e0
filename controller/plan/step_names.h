#pragma once

#include <map>
#include <string>
#include <vector>

namespace faultline {

// The names by which a plan's text calls its steps, and the steps that each stands for: one, or every repetition.
using StepNames = std::map<std::string, std::vector<std::string>>;

}  // namespace faultline
