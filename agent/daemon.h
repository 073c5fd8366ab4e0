#pragma once

#include <string>

#include "absl/status/status.h"
#include "agent/config.h"
#include "common/log/log.h"
#include "common/service/notify.h"

namespace faultline {

// What a daemon is given, beside its configuration.
struct DaemonOptions {
  // Read again on SIGHUP.
  std::string config_file;
  bool insecure = false;
  // Those who watch it.
  const ServiceNotifier& notifier;
  LogWriter& log;
};

// The agent: takes away what an earlier one left in the kernel, then carries out what the controller orders until
// SIGTERM or SIGINT, and leaves nothing. Blocks; when it is called no other thread of the process takes signals.
// INVALID_ARGUMENT for what is wrong in the configuration, else why it could not begin or not leave the kernel clean.
absl::Status RunDaemon(AgentConfig config, const DaemonOptions& options);

}  // namespace faultline
