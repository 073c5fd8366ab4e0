#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace faultline {

// The places of `names`, in an order drawn by lot. It depends on nothing but the arguments, is the same on every
// machine, and hangs on each name alone: a name that comes or goes changes nothing in the order of the others.
// `purpose` keeps different draws of one seed apart. REQUIRES: no two names are equal.
std::vector<std::size_t> DrawOrder(std::uint64_t seed, absl::string_view purpose,
                                   const std::vector<absl::string_view>& names);

}  // namespace faultline
