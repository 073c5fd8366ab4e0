#pragma once

#include <string>

#include "common/program/program.h"

namespace faultline {

// A program as a text that `nft -f` reads: the tables, sets, chains and rules that the agent puts into the kernel, with
// every gate closed. What nft cannot say is missing: that the tables end with the agent, and the lanes (the devices
// fl0, fl1, … that rules send packets through, which must exist before nft takes the text, and, of a program without
// the egress hook, the filters of clsact that do it). Empty when no step has
// rules. REQUIRES: the steps are possible, as Compose leaves them.
std::string NftText(const Program& program);

}  // namespace faultline
