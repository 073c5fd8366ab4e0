#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/kernel/kernel.h"

namespace faultline {

// A Kernel in memory: keeps what is installed and until when each gate is open, so a test can ask
// which steps act now. Gates end by the clock given, as the kernel's do, whether anybody calls or
// not. Every call is recorded, and a chosen one can be made to fail; a call that fails changes
// nothing.
//
// Threads: any, unlike the real one. Never blocks. The clock must outlive it.
class FakeKernel : public Kernel {
 public:
  // One call of the Kernel interface, as it was made.
  struct Operation {
    enum class Kind { kProbe, kInterfaces, kReset, kInstall, kSwitch, kShape, kAttach, kReadCounters, kRemove };
    Kind kind;
    MonotonicTime at;
    absl::Status status;
    // Empty for kProbe, kInterfaces and kReset.
    RunId run;
    // Of kSwitch.
    std::vector<StepIndex> close;
    std::vector<GateOpening> open;
    // Of kShape.
    std::vector<LaneChange> changes;
    // Of kAttach.
    std::string device;

    // "install split-1", "switch split-1 close 0 open 1 15s", "shape split-1 0 delay 80ms", "reset"; a failed one ends
    // with " (failed)".
    std::string ToString() const;
  };

  // At first everything is possible and there is one interface, "eth0" with 172.32.4.2/20 and
  // fd20::402/64.
  explicit FakeKernel(const Clock& clock);

  absl::StatusOr<CapabilitySet> Probe() override;
  absl::StatusOr<std::vector<Interface>> Interfaces() override;
  absl::Status Reset() override;
  absl::Status Install(const Program& program) override;
  absl::Status Switch(const RunId& run, std::span<const StepIndex> close, std::span<const GateOpening> open) override;
  // Is not recorded, and never fails.
  void Warm() override {}
  absl::Status Shape(const RunId& run, std::span<const LaneChange> changes) override;
  absl::Status Attach(const RunId& run, const std::string& device) override;
  absl::StatusOr<std::vector<RuleCounters>> ReadCounters(const RunId& run) override;
  bool Concerns(const RunId& run, const ForeignChange& change) const override;
  // What the test configured beside it, and of each installed run a chain in a table of ours. Is not recorded, and
  // fails only when the test says so.
  absl::StatusOr<KernelPicture> Picture() override;
  absl::Status Remove(const RunId& run) override;

  // What the test makes of it.
  void SetCapabilities(CapabilitySet capabilities);
  void SetInterfaces(std::vector<Interface> interfaces);
  // What is configured beside what is installed.
  void SetPicture(absl::StatusOr<KernelPicture> picture);
  // What ReadCounters says of a step from now on. REQUIRES: the run is installed and has the step.
  void SetCounters(const RunId& run, RuleCounters counters);
  // The `nth` call from now (1: the next) fails with `status`; the others are unaffected. Replaces
  // an earlier request.
  void FailCall(int nth, absl::Status status);
  // Every call from now on fails with `status`, until it is OK again.
  void FailEveryCall(absl::Status status);

  // What the test wants to know.
  // Steps whose rules act at this moment, in order; none when the run is not installed.
  std::vector<StepIndex> ActiveSteps(const RunId& run) const;
  // When an open gate will end by itself; nullopt when it is closed or has ended.
  std::optional<MonotonicTime> GateEnd(const RunId& run, StepIndex step) const;
  // What is installed of a run, with its lanes' shapes and devices as they are now; nullopt when it is not.
  std::optional<Program> Installed(const RunId& run) const;
  std::vector<RunId> InstalledRuns() const;
  std::vector<Operation> operations() const;
  // The same as text, in order; then forgets them.
  std::vector<std::string> TakeOperations();

 private:
  struct Run {
    Program program;
    std::map<StepIndex, MonotonicTime> gate_ends;
    std::map<StepIndex, RuleCounters> counters;
  };

  // Records the call and says whether it is to fail.
  absl::Status Begin(Operation operation);
  // As Begin, but the call itself has already decided how it ends.
  absl::Status End(Operation operation, absl::Status outcome);

  const Clock& clock_;

  // All below is protected by mutex_.
  mutable std::mutex mutex_;
  CapabilitySet capabilities_ = CapabilitySet::All();
  std::vector<Interface> interfaces_;
  std::map<RunId, Run> runs_;
  absl::StatusOr<KernelPicture> picture_ = KernelPicture();
  std::vector<Operation> operations_;
  int calls_until_failure_ = 0;
  absl::Status failure_;
  absl::Status every_failure_;
};

}  // namespace faultline
