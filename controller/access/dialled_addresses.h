#pragma once

#include <string>
#include <vector>

#include "common/prefix.h"

namespace faultline {

// Under which addresses agents know this controller: the one it listens at ("HOST:PORT"), or, when that is a name or
// all of its host's, those that its certificate is for (names and addresses), but for loopback ones. None when nothing
// says.
std::vector<IpAddress> DialledAddresses(const std::string& listen, const std::vector<std::string>& certified);

}  // namespace faultline
