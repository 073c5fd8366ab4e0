#pragma once

#include <vector>

#include "common/prefix.h"
#include "controller/guard/deadline.h"
#include "controller/guard/host_work.h"
#include "controller/guard/stop_signal.h"

namespace faultline {

// Whether a TCP connection to one of the addresses can be made in time, tried all at once.
CheckResult ConnectToAny(const std::vector<IpAddress>& addresses, std::uint16_t port, const Deadline& deadline,
                         const StopSignal& stop);

// Whether a TCP connection to one of the host's addresses can be made within the time; it is closed at once. Gives up
// when `stop` is raised.
CheckResult CheckTcp(const TcpCheck& check, Duration timeout, const StopSignal& stop);

}  // namespace faultline
