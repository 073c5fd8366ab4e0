#pragma once

#include "controller/guard/host_work.h"
#include "controller/guard/stop_signal.h"

namespace faultline {

// Whether a GET is answered within the time with the status and, if one is asked for, the JSON field. Redirects are
// answers, not followed; answers of more than 1 MiB fail; certificates are verified; proxies of the environment are not
// used. Gives up when `stop` is raised.
CheckResult CheckHttp(const HttpCheck& check, Duration timeout, const StopSignal& stop);

}  // namespace faultline
