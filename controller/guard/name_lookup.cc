#include "controller/guard/name_lookup.h"

#include "common/host_resolver.h"
#include "common/status.h"

namespace faultline {

absl::StatusOr<LookedUp> LookUpNames(const std::vector<std::string>& names, Duration timeout, const StopSignal& stop) {
  LookedUp found;
  for (const std::string& name : names) {
    if (stop.raised()) return absl::CancelledError("the controller is stopping");
    FAULTLINE_ASSIGN_OR_RETURN(std::vector<IpAddress> addresses, ResolveHost(name, timeout));
    found.emplace_back(name, std::move(addresses));
  }
  return found;
}

}  // namespace faultline
