#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "faultline/v1/run.pb.h"
#include "tests/bench/daemon_process.h"
#include "tests/measure/interrupts.h"

namespace faultline::bench {

// How a controller is started. A value.
struct ControllerSetup {
  // More lines of its configuration.
  std::string config = "";
  bool insecure = true;
};

// A real controller on the loopback of the calling thread's namespace, with a fresh state. Its program is that in
// FAULTLINE_BIN, else in the folder of this one. Goes with the object, and its files with it.
class ControllerProcess {
 public:
  // Where agents dial in.
  static constexpr char kListen[] = "127.0.0.1:7400";

  // When it answers. CANCELLED when a signal came; `interrupts` must outlive the object.
  static absl::StatusOr<std::unique_ptr<ControllerProcess>> Start(measure::Interrupts& interrupts,
                                                                  const ControllerSetup& setup = {});
  ~ControllerProcess();
  ControllerProcess(const ControllerProcess&) = delete;
  ControllerProcess& operator=(const ControllerProcess&) = delete;

  absl::StatusOr<ProcessUsage> Usage() const { return process_->Usage(); }
  // Starts a run, and does not wait for it; its id.
  absl::StatusOr<std::string> Begin(const std::string& plan);
  // What a client dials on this host.
  std::string socket() const { return "unix:" + folder_ + "/socket"; }
  // Runs the command line with these arguments and waits for its end; what it printed.
  absl::StatusOr<std::string> Faultline(const std::vector<std::string>& arguments, const std::string& input = "");
  // The run as it is when it has ended.
  absl::StatusOr<v1::Run> AwaitEnd(const std::string& run_id);

 private:
  ControllerProcess(measure::Interrupts& interrupts, std::string folder)
      : interrupts_(interrupts), folder_(std::move(folder)) {}

  absl::Status Launch(const ControllerSetup& setup);

  measure::Interrupts& interrupts_;
  const std::string folder_;
  std::unique_ptr<DaemonProcess> process_;
};

}  // namespace faultline::bench
