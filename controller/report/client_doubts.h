#pragma once

#include <string>
#include <vector>

#include "faultline/v1/run.pb.h"

namespace faultline {

// Why what a run's observations of operations told may not be all: "observation writes, at the end: exit code 1; what
// it told may not be all". Of each observation the first of its captures that is so, and how many more are. Texts are
// others' as they are. Pure.
std::vector<std::string> ClientDoubtsOf(const v1::Run& run);

}  // namespace faultline
