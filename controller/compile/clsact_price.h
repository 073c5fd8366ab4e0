#pragma once

#include <string>
#include <vector>

#include "common/timeline.h"
#include "controller/compile/node_index.h"

namespace faultline {

// What nodes pay that act on what they send by clsact, for want of an egress hook, as a warning; empty: none does.
std::string ClsactPrice(const std::vector<Timeline>& timelines, const NodeIndex& fleet);

}  // namespace faultline
