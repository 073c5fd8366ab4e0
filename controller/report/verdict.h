#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/name.h"
#include "common/timeline.h"
#include "controller/compile/drain.h"
#include "controller/compile/forecast.h"
#include "controller/compile/predict.h"
#include "controller/report/probe_config.h"
#include "controller/report/probe_log.h"
#include "controller/report/probed_run.h"
#include "controller/report/tcp_edges.h"
#include "controller/report/tcp_log.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// What an edge's probes say: too few (UNSPECIFIED) when fewer than 2 were sent; CUT when none arrived; OPEN when at
// most 1, or 5 % if that is more, were lost; else LOSSY. A stage lasts seconds and so has few probes: the one that a
// busy machine may lose by itself must not count against the plan, and a cut lets nothing through.
v1::Reach ReachOf(const ProbeSum& sum);

// Whether as many probes arrived as expected: the share within four standard deviations of what chance makes of it,
// and 5 %, or one probe if that is more. Where damaged packets are expected as many fewer may arrive, and where a rate
// is limited any share but none. UNSPECIFIED: so few were sent that no outcome could disagree.
v1::Judgement JudgeShare(const Prediction& expected, const ProbeSum& sum);

// Whether those that arrived took as much longer than the baseline's as expected: within 10 %, or 5 ms and the clocks'
// error both times if that is more, and what chance makes of a jitter's mean. Where a rate is limited they may take
// longer. `timed`: of how many `added` is the mean, > 0.
v1::Judgement JudgeDelay(const Prediction& expected, Duration added, std::uint32_t timed, Duration clock_error);

// How much of a stage's both ends to leave out: a step may begin late by the nodes' clock errors, and probes under way
// when it begins belong to neither stage.
constexpr Duration JudgeMargin(Duration clock_error) { return std::chrono::milliseconds(150) + 2 * clock_error; }

// How long after a stage's end to wait before it is judged, so that all have reported: several report intervals of an
// agent, but for those of a large fleet, whose pauses (session_pace.h) come on top. Judged earlier, probes count as
// lost that are only not reported yet.
inline constexpr Duration kSettle = std::chrono::seconds(1);
// A baseline that is not in the run's time is observed for so long before T0.
inline constexpr Duration kBaseline = std::chrono::seconds(3);
// The time the live matrix looks at, and how long it lags behind.
inline constexpr Duration kLiveWindow = std::chrono::seconds(3);
inline constexpr Duration kLiveLag = kSettle;

// What is known of a run's time. A view.
struct Evidence {
  const ProbeLog& log;
  ControllerTime t0;
  // Error bound of the nodes' clocks.
  Duration clock_error{0};
  // The run's own, judged; null while there is none. Without its delays no delay is judged.
  const v1::StageVerdict* baseline = nullptr;
  // Of connections; null: none are tried.
  const TcpLog* tcp_log = nullptr;
};

// How long after the stage's end to wait for it: kSettle, and for packets that its impairments hold back, kMostDrain at
// most.
Duration SettleTime(const Stage& stage, const std::map<NodeName, Timeline>& timelines);

// Judges one stage of a run: every direction that is probed between two nodes over each IP version both have, in the
// order from, to, IP version of `nodes`. Planned is what becomes of probes by the timelines (Forecast), observed is
// what the log has of [start + margin, end - margin), without the last probes of those that are held back for more than
// kMostDrain; of an edge whose receiver was not Witnessed nothing is known (UNSPECIFIED). An edge that is planned
// simply open or cut agrees when it is OPEN or CUT; any other by JudgeShare and JudgeDelay, against what was planned of
// the very windows in which its probes were sent. Connections are judged by JudgeTcp. The stage agrees when there is an
// edge and all agree. A stage with start = end (a baseline of a run that begins with a fault) is observed in the
// kBaseline before start. Pure, but for reading the log.
v1::StageVerdict JudgeStage(const Stage& stage, const ProbedRun& run, const Evidence& evidence);

// The same for a plan that is only looked at: nothing sent, nothing observed, agrees is false.
v1::StageVerdict PlannedStage(const Stage& stage, const ProbedRun& run);

// Judges the stages of a run that has come to its end whose faults no probe can see: each agrees only if the rules of
// its steps matched packets on some node. `stages`: the run's, of which its record has the first verdicts.
void JudgeUnseen(std::span<const Stage> stages, v1::Run& run);

// A run in progress: its timelines, and the steps that are active now.
struct RunNow {
  const std::map<NodeName, Timeline>* timelines = nullptr;
  std::vector<StepIndex> active;
  ControllerTime t0;
  // As in Evidence.
  const v1::StageVerdict* baseline = nullptr;
};

// The live matrix: the log's last kLiveWindow before now - kLiveLag - `pause`, the nodes' longest, and what all runs in
// progress say together, of `pairs` as in ProbedRun, the one that was installed last being the last of `runs`. A step
// counts as active for all of the time looked at. Named "now"; start and end count from `now`.
v1::StageVerdict JudgeWindow(std::span<const ProbeNode> nodes, std::uint16_t probe_port, std::span<const RunNow> runs,
                             ControllerTime now, Duration clock_error, const ProbeLog& log,
                             const ProbePairs* pairs = nullptr, Duration pause = Duration(0));

}  // namespace faultline
