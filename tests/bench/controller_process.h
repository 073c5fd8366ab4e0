#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "faultline/v1/run.pb.h"
#include "tests/bench/process_usage.h"
#include "tests/measure/interrupts.h"

namespace faultline::bench {

// A real controller on the loopback of the calling thread's namespace, with a fresh state. Its program is that in
// FAULTLINE_BIN, else in the folder of this one. Goes with the object, and its files with it.
class ControllerProcess {
 public:
  // Where agents dial in.
  static constexpr char kListen[] = "127.0.0.1:7400";

  // When it answers. CANCELLED when a signal came; `interrupts` must outlive the object.
  static absl::StatusOr<std::unique_ptr<ControllerProcess>> Start(measure::Interrupts& interrupts);
  ~ControllerProcess();
  ControllerProcess(const ControllerProcess&) = delete;
  ControllerProcess& operator=(const ControllerProcess&) = delete;

  absl::StatusOr<ProcessUsage> Usage() const { return UsageOf(pid_); }
  // Starts a run, and does not wait for it; its id.
  absl::StatusOr<std::string> Begin(const std::string& plan);
  // The run as it is when it has ended.
  absl::StatusOr<v1::Run> AwaitEnd(const std::string& run_id);

 private:
  ControllerProcess(measure::Interrupts& interrupts, std::string folder)
      : interrupts_(interrupts), folder_(std::move(folder)) {}

  absl::Status Launch();
  absl::StatusOr<std::string> Faultline(const std::vector<std::string>& arguments, const std::string& input = "");

  measure::Interrupts& interrupts_;
  const std::string folder_;
  pid_t pid_ = -1;
};

}  // namespace faultline::bench
