#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/name.h"
#include "common/timeline.h"
#include "controller/compile/predict.h"
#include "controller/report/probe_config.h"
#include "controller/report/probe_log.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// What an edge's probes say: too few (UNSPECIFIED) when fewer than 2 were sent; CUT when none arrived; OPEN when at
// most 1, or 5 % if that is more, were lost; else LOSSY. A stage lasts seconds and so has few probes: the one that a
// busy machine may lose by itself must not count against the plan, and a cut lets nothing through.
v1::Reach ReachOf(const ProbeSum& sum);

// How much of a stage's both ends to leave out: a step may begin late by the nodes' clock errors, and probes under way
// when it begins belong to neither stage.
constexpr Duration JudgeMargin(Duration clock_error) { return std::chrono::milliseconds(150) + 2 * clock_error; }

// How long after a stage's end to wait before it is judged, so that all have reported: several report intervals of an
// agent. Judged earlier, probes count as lost that are only not reported yet.
inline constexpr Duration kSettle = std::chrono::seconds(1);
// A baseline that is not in the run's time is observed for so long before T0.
inline constexpr Duration kBaseline = std::chrono::seconds(3);
// The time the live matrix looks at, and how long it lags behind.
inline constexpr Duration kLiveWindow = std::chrono::seconds(3);
inline constexpr Duration kLiveLag = kSettle;

// Judges one stage of a run: every direction between every two nodes over each IP version both have, in the order from,
// to, IP version of `nodes`. Planned is what the timelines say (Reaches; a node without one has no part in the run),
// observed is what the log has of [start + margin, end - margin); of an edge whose receiver was not Witnessed nothing
// is known (UNSPECIFIED). The stage agrees when there is an edge and each one planned reachable is OPEN and each other
// CUT. A stage with start = end (a baseline of a run that begins with a fault) is observed in the kBaseline before
// start. Pure, but for reading the log.
v1::StageVerdict JudgeStage(const Stage& stage, std::span<const ProbeNode> nodes,
                            const std::map<NodeName, Timeline>& timelines, ControllerTime t0, const ProbeLog& log,
                            Duration margin);

// The same for a plan that is only looked at: nothing sent, nothing observed, agrees is false.
v1::StageVerdict PlannedStage(const Stage& stage, std::span<const ProbeNode> nodes,
                              const std::map<NodeName, Timeline>& timelines);

// A run in progress: its timelines, and the steps that are active now.
struct RunNow {
  const std::map<NodeName, Timeline>* timelines = nullptr;
  std::vector<StepIndex> active;
};

// The live matrix: the log's last kLiveWindow before now - kLiveLag, and what all runs in progress say together. Named
// "now"; start and end count from `now`.
v1::StageVerdict JudgeWindow(std::span<const ProbeNode> nodes, std::span<const RunNow> runs, ControllerTime now,
                             const ProbeLog& log);

}  // namespace faultline
