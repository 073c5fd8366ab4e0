#pragma once

#include "agent/timeline/engine.h"

namespace faultline {

// Logs what an engine tells, and hands it on. Thread-safe.
class RunLog : public EngineListener {
 public:
  // `next` must outlive it.
  explicit RunLog(EngineListener& next) : next_(next) {}

  void OnStep(const RunId& run, const StepReport& report) override;
  void OnForeignChange(const RunId& run, std::optional<Duration> at, const std::string& text) override;
  void OnRunEnd(const RunId& run, const RunReport& report) override;

 private:
  EngineListener& next_;
};

}  // namespace faultline
