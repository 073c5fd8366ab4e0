#pragma once

#include <cstdint>
#include <map>
#include <mutex>

#include "agent/timeline/engine.h"
#include "common/step_lateness.h"

namespace faultline {

// Counts what an engine tells, and hands it on. Thread-safe.
class EngineTally : public EngineListener {
 public:
  // Since it was made.
  struct Counts {
    StepLateness lateness;
    std::map<RunEnd, std::uint64_t> ends;
  };

  // `next` must outlive it.
  explicit EngineTally(EngineListener& next) : next_(next) {}

  void OnStep(const RunId& run, const StepReport& report) override;
  void OnForeignChange(const RunId& run, std::optional<Duration> at, const std::string& text) override;
  void OnRunEnd(const RunId& run, const RunReport& report) override;

  Counts counts() const;

 private:
  EngineListener& next_;
  mutable std::mutex mutex_;
  Counts counts_;
};

}  // namespace faultline
