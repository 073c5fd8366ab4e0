#pragma once

#include <seccomp.h>

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"

namespace faultline {

struct ReleaseSeccompFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using SeccompFilter = std::unique_ptr<void, ReleaseSeccompFilter>;

// What Confine() has the kernel apply to this process, not yet in force. Only Confine() has use for it, and tests: they
// ask for the filter of an `architecture` that is not this machine's, one of libseccomp's SCMP_ARCH_….
absl::StatusOr<SeccompFilter> MakeSeccompFilter(std::uint32_t architecture);

}  // namespace faultline
