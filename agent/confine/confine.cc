#include "agent/confine/confine.h"

#include <cerrno>

#include "agent/confine/filter.h"
#include "common/status.h"

namespace faultline {

absl::Status Confine() {
  FAULTLINE_ASSIGN_OR_RETURN(const SeccompFilter filter, MakeSeccompFilter(seccomp_arch_native()));
  const int code = seccomp_load(filter.get());
  if (code == -EINVAL || code == -ENOSYS) return absl::UnimplementedError("this kernel has no seccomp filters");
  return code < 0 ? ErrnoError(-code, "loading the seccomp filter") : absl::OkStatus();
}

}  // namespace faultline
