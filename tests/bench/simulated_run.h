#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "agent/kernel/kernel.h"
#include "common/clock.h"
#include "common/prefix.h"
#include "common/timeline.h"
#include "faultline/v1/agent_session.pb.h"

namespace faultline::bench {

// A run on a node that is not there: what its agent would tell of it, and which probes its kernel would drop. Every
// step acts exactly as planned. One thread.
class SimulatedRun {
 public:
  explicit SimulatedRun(Timeline timeline) : timeline_(std::move(timeline)) {}

  void Fire(ControllerTime t0) { t0_ = t0; }
  // What there is to be told by now.
  std::vector<v1::SessionRequest> TakeDue(ControllerTime now);
  // A probe comes in at this time. Whether a step drops it; then it is counted.
  bool Drops(const IpAddress& from, const IpAddress& to, ControllerTime at);

 private:
  RuleCounters& CountersOf(StepIndex step);
  bool Covers(const Match& match, const IpAddress& from, const IpAddress& to) const;

  const Timeline timeline_;
  std::optional<ControllerTime> t0_;
  // After T0, up to when transitions were told.
  Duration told_{-1};
  bool over_ = false;
  std::vector<RuleCounters> counters_;
  std::vector<RuleCounters> told_counters_;
  ControllerTime next_count_;
};

}  // namespace faultline::bench
