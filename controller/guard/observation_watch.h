#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/clock.h"
#include "controller/clients/operation_log.h"
#include "controller/guard/host_work.h"
#include "controller/guard/observation_moments.h"
#include "controller/plan/plan.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// The observations of one run: which are due, and what they captured. Each moment is taken once. Pure; not thread-safe.
class ObservationWatch {
 public:
  // Of the whole run, so that records stay small enough to be sent; what comes later is recorded without its output.
  static constexpr std::size_t kMostRecordedOutput = 1024 * 1024;

  ObservationWatch() = default;
  explicit ObservationWatch(const Plan& plan);

  // Those to be done before any node is armed, by position.
  std::vector<std::size_t> TakeFirst();
  // Those due by then, after T0; not those at the run's end.
  std::vector<std::size_t> TakeDue(Duration elapsed);
  // Those at the run's end, which has come. None when it was said before.
  std::vector<std::size_t> TakeEnd();
  bool HasEnd() const { return timed_ < moments_.size(); }
  // Moments that come at `from` or later, after T0, come later by `shift`; those taken are past.
  void PutOff(Duration from, Duration shift);
  // What to run at a moment. `zero`: what operations are told from, T0 when there is one. REQUIRES: a position that was
  // taken.
  CommandRequest RequestOf(std::size_t moment, const std::string& run, const std::string& plan, WallTime zero) const;
  // The command of a moment, begun then, has ended.
  void Answer(std::size_t moment, ControllerTime begun, CommandResult result);
  // Nothing is under way.
  bool Idle() const { return under_way_.empty(); }
  // Every moment was taken and has been answered.
  bool Over() const { return Idle() && next_ == timed_ && (end_taken_ || !HasEnd()); }
  // How long a command may take at most.
  Duration LongestTimeout() const;
  // The same of those that are under way; 0 when none is.
  Duration LongestUnderWay() const;
  // What was taken and has not been answered, in order of time: "observation writes, at the end".
  std::vector<std::string> Unanswered() const;

  // The captures for the record, in order of time; times only once there is a T0.
  void Record(std::optional<ControllerTime> t0, v1::Run& run) const;
  // What clients did, told from `zero`: of each observation of operations what it captured last, all together. Nothing
  // when none told of any.
  struct Clients {
    OperationLog log;
    // Operations, happenings and accountings for which there was no room in it.
    std::uint64_t left_out = 0;
  };
  std::optional<Clients> Operations(WallTime zero) const;

 private:
  struct Captured {
    ControllerTime begun;
    v1::Capture capture;
  };

  struct Told {
    ControllerTime begun;
    OperationLog log;
  };

  std::vector<std::size_t> Begin(std::size_t first, std::size_t end);
  void KeepLog(std::size_t observation, ControllerTime begun, OperationOutput output);

  std::vector<Observation> observations_;
  // Those `first` come first, those at the end, which have no other moment, from timed_ on.
  std::vector<ObservationMoment> moments_;
  std::size_t timed_ = 0;
  std::size_t next_ = 0;
  bool end_taken_ = false;
  std::set<std::size_t> under_way_;
  std::size_t recorded_ = 0;
  std::vector<Captured> captured_;
  // By position of the observation.
  std::map<std::size_t, Told> told_;
};

}  // namespace faultline
