#pragma once

#include <signal.h>

#include <functional>

#include "common/service/notify.h"
#include "common/service/pulse.h"

namespace faultline {

// What every daemon does alike.

// Blocks SIGTERM, SIGINT and SIGHUP in this thread, and so in all that it makes from now on: only AwaitEnd is to get
// them.
sigset_t BlockSignals();

// The one of these signals that is to end the process; each SIGHUP until then calls `on_hangup`, on this thread.
// REQUIRES: they are blocked in every thread.
int AwaitEnd(const sigset_t& signals, const std::function<void()>& on_hangup);

// Feeds the service manager's watchdog when there is one. The notifier must outlive it.
Pulse WatchdogPulse(const ServiceNotifier& notifier);

}  // namespace faultline
