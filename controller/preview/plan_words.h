#pragma once

#include <string>

#include "controller/plan/plan.h"

namespace faultline {

// Parts of a plan in words, for people; one line each.

// "from a to b", "between a, b", "a isolated from everyone", "two halves of all".
std::string DescribeEnds(const Ends& ends);
// "172.32.0.0/16 + nodes lon-* + region=eu-west-2, without london".
std::string DescribeGroup(const Group& group);
// All but its name and when: "drop tcp to port 3000 from a to b, sparing 10.0.0.0/8".
std::string DescribeFault(const PlanStep& step);
// "0s to 30s: drop any packet from a to b".
std::string DescribePlanStep(const PlanStep& step);
// "command etcdctl endpoint health, every 5s, aborts after 1 failure".
std::string DescribeGuard(const Guard& guard);
// "asadm -e show pmap before split, after split".
std::string DescribeObservation(const Observation& observation);

}  // namespace faultline
