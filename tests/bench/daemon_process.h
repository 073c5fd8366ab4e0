#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/bench/process_usage.h"

namespace faultline::bench {

// A program of Faultline's own beside this one (or in FAULTLINE_BIN): its path.
std::string ProgramPath(const std::string& name);

// A process that serves, out of reach of the terminal's Ctrl-C. Is killed with the object.
class DaemonProcess {
 public:
  // In the calling thread's namespaces; what it says goes to the file `log`.
  static absl::StatusOr<std::unique_ptr<DaemonProcess>> Start(const std::vector<std::string>& command,
                                                              const std::string& log);
  ~DaemonProcess();
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;

  absl::Status Signal(int signal) const;
  absl::StatusOr<ProcessUsage> Usage() const { return UsageOf(pid_); }

 private:
  explicit DaemonProcess(pid_t pid) : pid_(pid) {}
  const pid_t pid_;
};

}  // namespace faultline::bench
