#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "controller/plan/plan.h"

namespace faultline {

// The names of a fault's groups.
std::vector<std::string> GroupsOf(const Ends& ends);

// How many edges a fault has, as far as that is known without its members: none of a Shape.
std::size_t EdgeCount(const Ends& ends);

}  // namespace faultline
