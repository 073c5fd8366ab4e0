#include "controller/report/verdict.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "common/timeline_codec.h"
#include "controller/report/expected.h"
#include "controller/report/run_figures.h"
#include "controller/report/summary.h"
#include "controller/report/tcp_verdict.h"

namespace faultline {
namespace {

constexpr std::uint32_t kFewest = 2;
constexpr std::uint32_t kMostLostPercent = 5;
constexpr double kShareTolerance = 0.05;
constexpr double kDelayTolerance = 0.1;
constexpr Duration kLeastDelayTolerance = std::chrono::milliseconds(5);
// Chance goes further once in 16 000 times: a run has hundreds of edges to judge.
constexpr double kDeviations = 4;

// Delays of an earlier stage, by sender, receiver and IP version.
using Delays = std::map<std::tuple<std::string, std::string, v1::Family>, Duration>;

ProbeEdge EdgeOf(const v1::EdgeVerdict& edge) {
  return {.from = NodeName(edge.from()),
          .to = NodeName(edge.to()),
          .family = edge.family() == v1::FAMILY_IPV4 ? Family::kIpv4 : Family::kIpv6};
}

void AddEdge(const ProbeNode& from, const ProbeNode& to, Family family, const Prediction& planned,
             v1::StageVerdict& stage) {
  v1::EdgeVerdict& edge = *stage.add_edges();
  edge.set_from(from.name.text());
  edge.set_to(to.name.text());
  edge.set_family(family == Family::kIpv4 ? v1::FAMILY_IPV4 : v1::FAMILY_IPV6);
  edge.set_planned_reachable(planned.arrives > 0);
  edge.set_unseen(planned.unseen);
  if (planned.Plain()) return;
  edge.set_planned_share(planned.arrives);
  if (planned.impaired) *edge.mutable_planned_delay() = EncodeDuration(planned.delay);
}

// A stage as planned, and how: of each of its edges the forecast by which it is judged.
struct Planned {
  v1::StageVerdict verdict;
  std::vector<const Forecast*> forecasts;
};

// Before T0 for a baseline without a place in the run's time.
Duration StartOf(const Stage& stage) { return stage.start == stage.end ? stage.start - kBaseline : stage.start; }

// From when on the log can know of a stage at all.
Duration KnownFrom(const Stage& stage) { return std::max(StartOf(stage), stage.end - ProbeLog::kKeepForRun); }

// Likewise, with what it had to forget before its time.
Duration RememberedFrom(const Stage& stage, const Evidence& evidence) {
  const std::optional<ControllerTime> forgotten = evidence.log.forgotten();
  const Duration known = KnownFrom(stage);
  return forgotten ? std::clamp(*forgotten - evidence.t0, known, std::max(known, stage.end)) : known;
}

bool HasRules(const Stage& stage, const std::map<NodeName, Timeline>& timelines) {
  return std::ranges::any_of(timelines, [&stage](const auto& entry) {
    return std::ranges::any_of(entry.second.steps, [&stage](const Step& step) {
      return !step.rules.empty() && std::ranges::find(stage.active, step.index) != stage.active.end();
    });
  });
}

void SetUnprobed(std::span<const ProbeNode> nodes, v1::StageVerdict& verdict) {
  verdict.set_unprobed_edges(CountDirections(nodes) - static_cast<std::size_t>(verdict.edges_size()));
}

Planned PlanStage(const Stage& stage, const ProbedRun& run, Forecasts& forecasts) {
  Planned plan;
  plan.verdict.set_name(stage.name);
  *plan.verdict.mutable_start() = EncodeDuration(StartOf(stage));
  *plan.verdict.mutable_end() = EncodeDuration(stage.end);
  bool seen = false;
  ForEachProbed(run.nodes, run.pairs, [&](const ProbeNode& from, const ProbeNode& to, Family family) {
    Acting acting;
    AddActing({.sender = TimelineOf(run.timelines, from.name), .receiver = TimelineOf(run.timelines, to.name)},
              ProbeOf(from, to, family, run.probe_port), stage.active, acting);
    seen = seen || acting.Acts();
    plan.forecasts.push_back(&forecasts.Of(acting));
    AddEdge(from, to, family, plan.forecasts.back()->OverAll(), plan.verdict);
  });
  plan.verdict.set_unseen(!seen && HasRules(stage, run.timelines));
  SetUnprobed(run.nodes, plan.verdict);
  return plan;
}

Delays DelaysOf(const v1::StageVerdict* baseline) {
  Delays delays;
  if (baseline == nullptr) return delays;
  for (const v1::EdgeVerdict& edge : baseline->edges()) {
    const absl::StatusOr<Duration> delay = DecodeDuration(edge.mean_delay());
    if (edge.has_mean_delay() && delay.ok()) delays.try_emplace({edge.from(), edge.to(), edge.family()}, *delay);
  }
  return delays;
}

void JudgeFigures(const Prediction& expected, const ProbeSum& sum, Duration clock_error, v1::EdgeVerdict& edge) {
  edge.set_share(JudgeShare(expected, sum));
  if (!edge.has_planned_delay() || !edge.has_observed_delay()) return;
  const absl::StatusOr<Duration> added = DecodeDuration(edge.observed_delay());
  if (added.ok()) edge.set_delay(JudgeDelay(expected, *added, sum.timed, clock_error));
}

// Fills in what was observed of every edge, and whether all is as planned.
void Observe(const Stretch& stretch, const ProbeLog& log, Duration clock_error, const Delays& baseline, Planned& plan) {
  std::map<std::string, bool> witnesses;
  for (int i = 0; i < plan.verdict.edges_size(); ++i) {
    v1::EdgeVerdict& edge = *plan.verdict.mutable_edges(i);
    const ProbeEdge probed = EdgeOf(edge);
    const ProbeSum sum = log.Sum(probed, stretch.start, stretch.end);
    edge.set_sent(sum.sent);
    edge.set_received(sum.received);
    if (const std::optional<Duration> mean = sum.MeanDelay()) {
      *edge.mutable_mean_delay() = EncodeDuration(*mean);
      const auto before = baseline.find({edge.from(), edge.to(), edge.family()});
      if (before != baseline.end()) *edge.mutable_observed_delay() = EncodeDuration(*mean - before->second);
    }
    const auto [witness, fresh] = witnesses.try_emplace(edge.to());
    if (fresh) witness->second = log.Witnessed(probed.to, stretch.start, stretch.end);
    if (!witness->second) continue;
    edge.set_observed(ReachOf(sum));
    if (edge.has_planned_share()) {
      const Forecast& forecast = *plan.forecasts[static_cast<std::size_t>(i)];
      const auto sent = log.Sent(probed, stretch.start, stretch.end);
      JudgeFigures(Expect(forecast, stretch, sent, log.window()), sum, clock_error, edge);
    }
  }
  const auto agrees = [](const v1::EdgeVerdict& edge) { return Agrees(edge); };
  plan.verdict.set_agrees(!plan.verdict.edges().empty() && std::ranges::all_of(plan.verdict.edges(), agrees));
}

// How long packets of the stage are held back at most.
Duration HeldBack(const Stage& stage, const std::map<NodeName, Timeline>& timelines) {
  Duration longest(0);
  if (timelines.empty()) return longest;
  // Every node has every step.
  for (const Step& step : timelines.begin()->second.steps) {
    if (std::ranges::find(stage.active, step.index) == stage.active.end()) continue;
    longest = std::max(longest, DrainTime(step, stage.start - step.at, stage.end - step.at));
  }
  return longest;
}

}  // namespace

v1::Reach ReachOf(const ProbeSum& sum) {
  if (sum.sent < kFewest) return v1::REACH_UNSPECIFIED;
  if (sum.received == 0) return v1::REACH_CUT;
  const std::uint32_t lost = sum.sent - std::min(sum.sent, sum.received);
  const std::uint32_t allowed = std::max<std::uint32_t>(1, sum.sent * kMostLostPercent / 100);
  return lost <= allowed ? v1::REACH_OPEN : v1::REACH_LOSSY;
}

v1::Judgement JudgeShare(const Prediction& expected, const ProbeSum& sum) {
  if (sum.sent < kFewest) return v1::JUDGEMENT_UNSPECIFIED;
  const double observed = std::min(1.0, static_cast<double>(sum.received) / sum.sent);
  const double variance = expected.arrives * (1 - expected.arrives) / sum.sent * expected.clumping;
  const double tolerance = kDeviations * std::sqrt(variance) + std::max(kShareTolerance, 1.0 / sum.sent);
  const double least = expected.arrives * (1 - expected.corrupt) - tolerance;
  const double most = expected.arrives + tolerance;
  if (least <= 0 && most >= 1) return v1::JUDGEMENT_UNSPECIFIED;
  const bool enough = expected.limited ? sum.received > 0 || least <= 0 : observed >= least;
  return enough && observed <= most ? v1::JUDGEMENT_AS_PLANNED : v1::JUDGEMENT_OFF;
}

v1::Judgement JudgeDelay(const Prediction& expected, Duration added, std::uint32_t timed, Duration clock_error) {
  const auto count = [](Duration duration) { return static_cast<double>(duration.count()); };
  const double tolerance =
      std::max(kDelayTolerance * count(expected.delay), count(kLeastDelayTolerance + 2 * clock_error)) +
      kDeviations * count(expected.delay_deviation) / std::sqrt(timed);
  const double excess = count(added - expected.delay);
  return excess >= -tolerance && (expected.limited || excess <= tolerance) ? v1::JUDGEMENT_AS_PLANNED
                                                                           : v1::JUDGEMENT_OFF;
}

Duration SettleTime(const Stage& stage, const std::map<NodeName, Timeline>& timelines) {
  return kSettle + std::min(HeldBack(stage, timelines), kMostDrain);
}

v1::StageVerdict PlannedStage(const Stage& stage, const ProbedRun& run) {
  Forecasts forecasts(StartOf(stage), stage.end);
  return PlanStage(stage, run, forecasts).verdict;
}

v1::StageVerdict JudgeStage(const Stage& stage, const ProbedRun& run, const Evidence& evidence) {
  const Duration from = RememberedFrom(stage, evidence);
  Forecasts forecasts(from, stage.end);
  Planned plan = PlanStage(stage, run, forecasts);
  if (from > StartOf(stage)) *plan.verdict.mutable_observed_from() = EncodeDuration(from);
  const Duration margin = JudgeMargin(evidence.clock_error);
  const Duration held_back = HeldBack(stage, run.timelines);
  const Duration unknown = held_back - std::min(held_back, kMostDrain);
  const Stretch stretch = {
      .start = evidence.t0 + from + margin, .end = evidence.t0 + stage.end - margin - unknown, .zero = evidence.t0};
  Observe(stretch, evidence.log, evidence.clock_error, DelaysOf(evidence.baseline), plan);
  if (evidence.tcp_log != nullptr) {
    JudgeTcp({.active = stage.active, .nodes = run.nodes, .timelines = run.timelines, .edges = run.tcp}, stretch,
             forecasts, *evidence.tcp_log, evidence.baseline, plan.verdict);
  }
  return plan.verdict;
}

void JudgeUnseen(std::span<const Stage> stages, v1::Run& run) {
  for (int i = 0; i < run.stages_size() && static_cast<std::size_t>(i) < stages.size(); ++i) {
    v1::StageVerdict& verdict = *run.mutable_stages(i);
    if (!verdict.unseen()) continue;
    std::uint64_t matched = 0;
    for (const StepIndex step : stages[static_cast<std::size_t>(i)].active) {
      matched += PacketsOf(run, step).value_or(0);
    }
    verdict.set_matched(matched);
    verdict.set_agrees(verdict.agrees() && matched > 0);
  }
}

v1::StageVerdict JudgeWindow(std::span<const ProbeNode> nodes, std::uint16_t probe_port, std::span<const RunNow> runs,
                             ControllerTime now, Duration clock_error, const ProbeLog& log, const ProbePairs* pairs,
                             Duration pause) {
  const ControllerTime end = now - kLiveLag - pause;
  const Stretch stretch = {.start = end - kLiveWindow, .end = end, .zero = ControllerTime(Duration(0))};
  Planned plan;
  plan.verdict.set_name("now");
  *plan.verdict.mutable_start() = EncodeDuration(stretch.start - now);
  *plan.verdict.mutable_end() = EncodeDuration(stretch.end - now);
  Forecasts forecasts(stretch.start - stretch.zero, stretch.end - stretch.zero);
  ForEachProbed(nodes, pairs, [&](const ProbeNode& from, const ProbeNode& to, Family family) {
    Acting acting;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      AddActing({.sender = TimelineOf(*runs[i].timelines, from.name),
                 .receiver = TimelineOf(*runs[i].timelines, to.name),
                 .run = i,
                 .t0 = runs[i].t0 - stretch.zero},
                ProbeOf(from, to, family, probe_port), runs[i].active, acting);
    }
    plan.forecasts.push_back(&forecasts.Of(acting));
    AddEdge(from, to, family, plan.forecasts.back()->OverAll(), plan.verdict);
  });
  SetUnprobed(nodes, plan.verdict);
  Delays baseline;
  for (const RunNow& run : runs) baseline.merge(DelaysOf(run.baseline));
  Observe(stretch, log, clock_error, baseline, plan);
  return plan.verdict;
}

}  // namespace faultline
