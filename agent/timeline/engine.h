#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "agent/kernel/kernel.h"
#include "agent/timeline/engine_status.h"
#include "agent/timeline/limits.h"
#include "agent/timeline/residue_proof.h"
#include "common/clock.h"
#include "common/program/program.h"
#include "common/timeline.h"

namespace faultline {

// A step began or ended, as the kernel confirmed it. What a flap or a ramp does in between is not told.
struct StepReport {
  StepIndex step = 0;
  // False: it ended.
  bool fired = false;
  // After T0: when it was to be, and when the kernel had confirmed it.
  Duration planned{0};
  Duration actual{0};
  // Of it: from the engine's waking to the kernel's confirmation.
  Duration kernel_time{0};
};

enum class RunEnd : std::uint8_t { kCompleted, kReleased, kLeaseLost, kShutdown, kLocalHeal, kFailed };

// A run is over here and nothing of it is left in the kernel.
struct RunReport {
  RunEnd end = RunEnd::kCompleted;
  // The error of kFailed, the reason of kReleased.
  std::string detail;
  // After T0; absent when it had not been fired.
  std::optional<Duration> at;
  // By step.
  std::vector<RuleCounters> counters;
  ResidueProof residue;
};

// Hears what the engine does. Called from within the engine's methods; must not call back, must not block.
class EngineListener {
 public:
  virtual ~EngineListener() = default;
  virtual void OnStep(const RunId& run, const StepReport& report) = 0;
  virtual void OnRunEnd(const RunId& run, const RunReport& report) = 0;
  // Somebody else changed what the run has in the kernel. `at`: when that was heard, after T0; absent before it.
  virtual void OnForeignChange(const RunId& run, std::optional<Duration> at, const std::string& text) = 0;
};

// Carries out armed timelines on one kernel: the agent's heart, without threads or waiting, so that a test can drive it
// with a fake clock. Level-triggered: Advance makes the kernel equal to what the timelines say of *now*, so a late
// wake-up (a stopped process, a busy machine) never replays what has passed.
//
// Leases: every gate's timeout in the kernel is the shorter of the run's lease and the step's rest (of a flapping step,
// the phase's), so the kernel heals by itself when nobody calls any more. A run whose controller has not been heard of
// until its lease deadline is ended here too, unless it is to continue; then the engine renews its own gates.
//
// Holds: at each the run stands still, whatever passes, until Proceed has said how long the hold lasts; then all that
// comes after it comes later by that. A run so held for longer than the limits let any run take ends (kFailed).
//
// Proof of no residue: the kernel's picture is taken before the first of the runs held at one time is installed, and
// again when the last of them has gone: while no run is held, so that no fire and no heal ever waits for it. What ends
// while others are held is therefore not proven.
//
// Of all runs that end at one time the gates are closed before the first of them is taken apart.
//
// Any kernel error ends the run it concerns (kFailed) with everything of it removed. Not thread-safe: EngineThread
// adds that. `kernel`, `clock` and `listener` must outlive it.
class Engine {
 public:
  Engine(Kernel& kernel, const Clock& clock, EngineListener& listener, Limits limits);

  // Installs a run, inert. Its lease runs from now. ALREADY_EXISTS, FAILED_PRECONDITION (limits), or the kernel's
  // error; then nothing of it is left.
  absl::Status Arm(const Timeline& timeline, const Program& program);

  // Sets an armed run's T0. NOT_FOUND; FAILED_PRECONDITION when it has one, or this one is further ahead than the run's
  // lease is long.
  absl::Status Fire(const RunId& run, MonotonicTime t0);

  // Says how long the next hold of a run lasts; may come before the hold does. Any other that it has is
  // passed over: one that was passed before, and one that comes too early, for all come again in their order.
  // NOT_FOUND; INVALID_ARGUMENT when the length is < 0 or > kLongestHold or there is no such hold.
  absl::Status Proceed(const RunId& run, std::size_t hold, Duration length);

  // The controller wanted the run to live when it was heard at `heard`: the lease runs from there. Never shortens it.
  // Unknown runs are passed over. As Advance, it leaves what ends to TidyUp.
  void Renew(const RunId& run, MonotonicTime heard);

  // An interface has come: every run held acts on it too. The first error, with the run; the others are done all the
  // same.
  absl::Status Attach(const std::string& device);

  // Tells the listener, of each run that it concerns. Nothing else is done about it: what a change leaves of a run goes
  // on, and when the kernel refuses the run's next switch the run ends.
  void Tell(const ForeignChange& change);

  // What the steps of each run that has begun have counted so far. Of none when something is due within kTooClose:
  // reading takes the kernel's time. What cannot be read is left out.
  static constexpr Duration kTooClose = std::chrono::milliseconds(50);
  std::map<RunId, std::vector<RuleCounters>> ReadCounters();

  // Ends a run now. NOT_FOUND when it is not held.
  absl::Status End(const RunId& run, RunEnd end, absl::string_view detail);

  // Ends all runs; returns how many. The kernel's error when something of them, or of earlier ones, is left in it all
  // the same; then it may be called again.
  absl::StatusOr<std::size_t> EndAll(RunEnd end, absl::string_view detail);

  // Does everything that is due, but for what can wait: of the runs that end only the gates are closed.
  void Advance();

  // Takes apart the runs whose gates are closed, and reports their ends. To be called before anything but the two is.
  void TidyUp();
  // Whether TidyUp has something to do.
  bool untidy() const { return !ended_.empty(); }

  // When Advance, and TidyUp, must be called next; none when nothing is held.
  std::optional<MonotonicTime> NextDeadline() const;

  // Runs held, armed or fired.
  std::vector<RunId> Held() const;

  // All of it, with the counters of fired runs, which the kernel is asked for.
  EngineStatus status() const;

 private:
  struct Run {
    // With all that is at the next hold or later kLongestHold away: until told how long the hold lasts.
    Timeline timeline;
    // Holds passed.
    std::size_t passed = 0;
    std::optional<MonotonicTime> t0;
    // The controller's lease; for a run that continues without it, moved on by the engine itself.
    MonotonicTime lease_deadline;
    // Steps that have begun and not ended.
    std::set<StepIndex> active;
    // Steps whose gates we opened, with the moment at which the kernel closes them.
    std::map<StepIndex, MonotonicTime> open;
    // Ramps, with the changes made so far.
    std::map<StepIndex, std::size_t> ramps;
  };

  // A run whose gates are closed. TidyUp does the rest.
  struct Ended {
    Run run;
    RunEnd end = RunEnd::kCompleted;
    std::string detail;
    // Of the closing.
    absl::Status status;
  };

  // When that moment of the run's timeline is if its next hold ends as soon as it can.
  static Duration Foreseen(const Run& run, Duration moment, MonotonicTime now);
  void AdvanceRun(Run& run);
  absl::Status Reconcile(Run& run, MonotonicTime now);
  absl::Status ReconcileLanes(Run& run, Duration elapsed);
  absl::Status ReconcileGates(Run& run, MonotonicTime now);
  void ReportSteps(Run& run, MonotonicTime woken);
  absl::Status RenewGates(Run& run, MonotonicTime now);
  void Finish(const RunId& id, RunEnd end, std::string detail);
  RunReport TakeApart(Ended& ended);
  // `until`: when the step stops acting, after T0.
  static MonotonicTime GateDeadline(const Run& run, Duration until);
  MonotonicTime NextDeadline(const Run& run) const;
  // A run that goes on without its controller moves its own lease on, with two thirds of it left.
  static bool RenewsItself(const Run& run);
  static MonotonicTime SelfRenewal(const Run& run);
  void Report(const Run& run, StepIndex step, bool fired, MonotonicTime woken);
  EngineStatus::Run StatusOf(const Run& run, MonotonicTime now) const;

  Kernel& kernel_;
  const Clock& clock_;
  EngineListener& listener_;
  const Limits limits_;
  std::map<RunId, Run> runs_;
  // Of the kernel before the first run of those held was installed, or why there is none.
  absl::StatusOr<KernelPicture> before_;
  std::vector<Ended> ended_;
  // Something of a run is left: it could not be taken apart (its gates are closed by now or end by themselves), or was
  // found afterwards. Everything is reset when no run is held, before the next one and after it.
  bool residue_ = false;
};

}  // namespace faultline
