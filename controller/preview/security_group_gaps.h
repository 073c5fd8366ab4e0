#pragma once

#include <string>
#include <vector>

#include "controller/plan/plan.h"

namespace faultline {

// Whether a security group can do anything of a step: its effect, its ends and its packets.
bool SecurityGroupsCan(const PlanStep& step);

// What security groups cannot express of one step of a plan, a line each: "one way: what …".
std::vector<std::string> SecurityGroupGaps(const Plan& plan, const PlanStep& step);

}  // namespace faultline
