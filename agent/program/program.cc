#include "agent/program/program.h"

#include <algorithm>

namespace faultline {

bool Program::HasEgress() const {
  return std::any_of(steps.begin(), steps.end(),
                     [](const StepRules& rules) { return !rules.egress_blackhole.empty(); });
}

}  // namespace faultline
