#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/identity/tls_files.h"
#include "common/log/level.h"
#include "common/metrics/metrics_address.h"
#include "common/timeline.h"
#include "controller/connection_settings.h"

namespace faultline {

// /etc/faultline/controller.yaml, read. A value; every key has a default.
struct ControllerConfig {
  // `listen`: where agents dial in, "HOST:PORT".
  std::string listen = "127.0.0.1:7400";
  // `socket`: the Unix socket of the command line.
  std::string socket = "/run/faultline/controller.sock";
  // `tls`: `ca`, `certificate` and `key` of the connections at `listen`.
  TlsFiles tls = {.ca = "/etc/faultline/pki/ca.crt",
                  .certificate = "/etc/faultline/pki/controller.crt",
                  .key = "/etc/faultline/pki/controller.key"};
  // `authority`: its `key`, the one of the first certificate in the file `ca`, and the `validity` of the certificates
  // that the controller makes with it, 10s to 825d. Empty: the file ca.key beside that one, or if there is none it
  // makes no certificates.
  std::string authority_key;
  Duration certificate_validity = std::chrono::hours(24 * 90);
  // `identity: common-name`: whether certificates without Faultline's own URI speak for their common name.
  bool common_names = false;
  // `state`: folder of the store; made when missing.
  std::string state = "/var/lib/faultline";
  // `lease`: how long faults outlive the controller.
  Duration lease = kDefaultLease;
  // `probe`: its `port` (UDP, on every node), `rate` (most probes a node sends in a second), and `tcp`: whether nodes
  // also dial the TCP ports that a run's faults name.
  std::uint16_t probe_port = 7401;
  int probe_rate = 20;
  bool tcp_probes = true;
  // `policy`: the file that says who may run what; empty: every operator everything.
  std::string policy;
  // `commands: allow`: whether plans may have this host run programs, as the controller's user.
  bool allow_commands = false;
  // `keep_runs: 90d`: how long runs are kept after they were over; absent: for ever. A day at least.
  std::optional<Duration> keep_runs;
  // `keep_run_count`: at most so many runs that are over are kept; absent: all.
  std::optional<int> keep_run_count;
  // `connections` at `listen`: `open`, `open_of_one`, `per_second`, `per_second_of_one`.
  ConnectionSettings connections;
  // `log`: its `level`.
  LogLevel log_level = LogLevel::kInfo;
  // `metrics`: where they are shown; absent: nowhere.
  std::optional<MetricsAddress> metrics = MetricsAddress::Loopback(7402);
};

// Reads the file's text. INVALID_ARGUMENT lists every error, each a line "file:line:column: what".
absl::StatusOr<ControllerConfig> ParseControllerConfig(absl::string_view text, absl::string_view file_name);

}  // namespace faultline
