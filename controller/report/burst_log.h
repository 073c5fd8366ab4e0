#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/name.h"
#include "controller/report/boundary_plan.h"
#include "controller/report/probe_log.h"
#include "faultline/v1/observation.pb.h"

namespace faultline {

// Which of a burst's milliseconds had probes of one direction that were sent, and of which of them one arrived. A
// value.
struct ProbeMarks {
  std::vector<bool> sent;
  std::vector<bool> received;
};

// When a direction turned from open to cut or back, since the burst's start and by the time of sending: not before
// `earliest`, not after `latest`.
struct TurningPoint {
  Duration earliest{0};
  Duration latest{0};

  friend bool operator==(const TurningPoint&, const TurningPoint&) = default;
};

// Where the marks turn, once: `to_cut` from all but a tenth arriving to none, else from none arriving to all but a
// tenth. None when they do not turn, or less than three milliseconds with probes lie on either side. Pure.
std::optional<TurningPoint> FindTurningPoint(const ProbeMarks& marks, bool to_cut);

// What the nodes have noted in the bursts of runs in progress. Bounded by what is expected. Thread-safe.
class BurstLog {
 public:
  // From now on notes on the bursts of these boundaries of the run are taken.
  void Expect(const std::string& run_id, std::span<const Boundary> boundaries);
  void Forget(const std::string& run_id);

  // Takes in what a node reports; several reports of one burst add up. What is not expected is passed over.
  void Add(const NodeName& reporter, const v1::Observation& observation);

  // What is known of a direction in the burst of the run's boundary at that position.
  ProbeMarks MarksOf(const std::string& run_id, std::size_t boundary, const ProbeEdge& edge) const;

 private:
  using Bursts = std::vector<std::map<ProbeEdge, ProbeMarks>>;

  mutable std::mutex mutex_;
  // Under mutex_: by run, in the order of its boundaries.
  std::map<std::string, Bursts> runs_;
};

}  // namespace faultline
