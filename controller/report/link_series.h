#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "common/clock.h"
#include "controller/report/probe_config.h"
#include "controller/report/probe_log.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

inline constexpr std::size_t kMostSeries = 200;
inline constexpr int kMostPoints = 600;
// Least time a point stands for: nodes probe each other about so often.
inline constexpr Duration kLeastPoint = std::chrono::milliseconds(500);

// What series are made from. A view.
struct SeriesScope {
  // Whom the run's verdict looks at.
  std::span<const ProbeNode> nodes;
  // Of each node that has one, the value of its label "region".
  const std::map<std::string, std::string>& regions;
  ControllerTime t0;
  // What the log has of [from, until) is told.
  Duration from{0};
  Duration until{0};
};

// Adds to the record what the log tells of its links in that time: a series for each IP version of every pair of its
// groups (PairsOf), or of nodes when there is none, or of regions when there would be more than kMostSeries; a warning
// when there would be of regions too. All have the same points: as short as kLeastPoint, wider where they would be more
// than kMostPoints. Pure, but for reading the log.
void AddSeries(const SeriesScope& scope, const ProbeLog& log, v1::Run& run);

}  // namespace faultline
