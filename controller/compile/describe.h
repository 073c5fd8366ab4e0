#pragma once

#include <string>

#include "common/timeline.h"

namespace faultline {

// Faults in words, for people; one line each, "±" the only sign beyond ASCII.

// "drop", "reject", "delay 80ms ± 10ms, lose 1%", "lose 9.09% in bursts of 10, limit to 10mbit".
std::string DescribeEffect(const Effect& effect);

// All that a step does to packets and to which, but for their two ends: "reject tcp to port 3000, down 2s and up 5s",
// "delay 0s, ramped in 45s to delay 300ms".
std::string DescribeStep(const Step& step);

// A rule of a step: "drop in from 172.32.0.0/16 to 172.33.0.0/16", "drop out from 172.32.0.0/16 to 172.33.0.0/16
// except 172.33.7.44/32 tcp to port 3000, sparing 10.0.0.0/8". REQUIRES: the timeline passes CheckTimeline.
std::string DescribeRule(const Rule& rule, const Step& step, const Timeline& timeline);

}  // namespace faultline
