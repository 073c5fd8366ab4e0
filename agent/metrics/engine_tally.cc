#include "agent/metrics/engine_tally.h"

namespace faultline {

void EngineTally::OnStep(const RunId& run, const StepReport& report) {
  {
    const std::lock_guard lock(mutex_);
    counts_.lateness.Add(report.fired, report.planned, report.actual);
  }
  next_.OnStep(run, report);
}

void EngineTally::OnForeignChange(const RunId& run, std::optional<Duration> at, const std::string& text) {
  next_.OnForeignChange(run, at, text);
}

void EngineTally::OnRunEnd(const RunId& run, const RunReport& report) {
  {
    const std::lock_guard lock(mutex_);
    ++counts_.ends[report.end];
  }
  next_.OnRunEnd(run, report);
}

EngineTally::Counts EngineTally::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace faultline
