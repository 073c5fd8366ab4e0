#pragma once

#include <set>
#include <string>

#include "faultline/v1/event.pb.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Which events of the controller's log belong in a run's report: those of the run that its record does not tell, and
// those of its nodes that are of no run, from when it was to begin to its end. Pure.
class LogFilter {
 public:
  // `run` must outlive it.
  explicit LogFilter(const v1::Run& run);

  bool Takes(const v1::Event& event) const;

 private:
  const v1::Run& run_;
  // Its parties, and all that was looked at for its verdict.
  std::set<std::string> nodes_;
};

}  // namespace faultline
