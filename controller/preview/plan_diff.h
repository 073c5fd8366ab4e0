#pragma once

#include <string>

#include "controller/plan/plan.h"

namespace faultline {

// How `b` differs from `a`, for people: a line for each part of it that was added ("+"), removed ("-") or changed ("-"
// and "+", one below the other), in the order header, groups, steps, expectations, guards, observations, and for each
// list of which the order changed. Parts of one name are the same when all that was read of them is, whether the words
// tell or not; when they do not, that is said. Empty only when the plans are equal but for their places in the texts
// and for the variables from which they were filled in.
std::string DiffPlans(const Plan& a, const Plan& b);

}  // namespace faultline
