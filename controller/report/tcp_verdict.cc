#include "controller/report/tcp_verdict.h"

#include <algorithm>
#include <tuple>

#include "common/timeline_codec.h"
#include "controller/report/tcp_config.h"
#include "controller/report/verdict.h"

namespace faultline {
namespace {

// What an answer may be late by itself, and how far chance may take a jitter.
constexpr Duration kSpareTime = std::chrono::milliseconds(150);
constexpr int kTcpDeviations = 4;

using EdgeName = std::tuple<std::string, std::string, std::uint32_t, v1::Family>;
using Baseline = std::map<EdgeName, const v1::TcpVerdict*>;

EdgeName NameOf(const v1::TcpVerdict& edge) { return {edge.from(), edge.to(), edge.port(), edge.family()}; }

bool IsBlock(const ActingStep& acting) { return !std::holds_alternative<Impairment>(acting.step->effect); }
bool IsReject(const ActingStep& acting) { return std::holds_alternative<Reject>(acting.step->effect); }

// Whether what blocks the asking packet refuses it, and the refusal comes back. One of the answer reaches the node that
// was dialled: the other hears nothing.
bool Refuses(const Acting& acting) {
  bool refuses = false;
  for (const auto* end : {&acting.at_sender, &acting.at_receiver}) {
    refuses = refuses || std::ranges::any_of(*end, IsReject);
    if (std::ranges::any_of(*end, [](const ActingStep& step) { return IsBlock(step) && !IsReject(step); }))
      return false;
  }
  return refuses && std::ranges::none_of(acting.at_answerer, IsBlock) && std::ranges::none_of(acting.at_asker, IsBlock);
}

bool MayRefuse(const Acting& acting) {
  return std::ranges::any_of(acting.at_sender, IsReject) || std::ranges::any_of(acting.at_receiver, IsReject);
}

// Whether an answer may come too late for the attempt at some time of the stretch.
bool TooSlow(const Forecast& forecast, const Stretch& stretch) {
  const Duration start = stretch.start - stretch.zero;
  const Duration end = stretch.end - stretch.zero;
  for (const Prediction& part : {forecast.Over(start, start), forecast.Over(start, end), forecast.Over(end, end)}) {
    if (part.delay + kTcpDeviations * part.delay_deviation + kSpareTime > kTcpTimeout) return true;
  }
  return false;
}

Baseline BaselineOf(const v1::StageVerdict* verdict) {
  Baseline baseline;
  if (verdict == nullptr) return baseline;
  for (const v1::TcpVerdict& edge : verdict->tcp()) baseline[NameOf(edge)] = &edge;
  return baseline;
}

// One edge on its way to a verdict.
struct Judged {
  const Acting& acting;
  const Forecast& forecast;
  // Whether a fault of the run refuses such connections at some time, and whether one may now.
  bool refused_sometimes = false;
  bool may_refuse = false;
  bool is_baseline = false;
  const v1::TcpVerdict* before = nullptr;
};

// What was seen in the terms of probes: sent is what tells anything, received what got through.
ProbeSum InProbes(const TcpSum& sum, const Judged& judged) {
  ProbeSum probes = {.sent = sum.Attempts(),
                     .received = sum.connected,
                     .timed = sum.connected + sum.refused,
                     .sum_delay = sum.sum_time};
  const bool connected_before = judged.before != nullptr && judged.before->connected() > judged.before->refused();
  const bool refused_before = judged.before != nullptr && judged.before->refused() > 0 && !connected_before;
  if (!judged.refused_sometimes || judged.is_baseline || (refused_before && !judged.may_refuse)) {
    probes.received += sum.refused;
  } else if (!connected_before) {
    probes.sent -= sum.refused;
  }
  return probes;
}

void PlanTcp(const Judged& judged, const Prediction& planned, v1::TcpVerdict& edge) {
  edge.set_planned_reachable(planned.arrives > 0);
  edge.set_planned_refused(planned.arrives == 0 && Refuses(judged.acting));
  edge.set_touched(judged.acting.Acts());
  if (planned.Plain()) return;
  edge.set_planned_share(planned.arrives);
  if (planned.impaired) *edge.mutable_planned_delay() = EncodeDuration(planned.delay);
}

// By how much a time exceeds the baseline's; none when either is not known.
std::optional<Duration> AddedSince(const v1::TcpVerdict* before, const std::optional<Duration>& mean) {
  if (!mean || before == nullptr || !before->has_mean_time()) return std::nullopt;
  const absl::StatusOr<Duration> usual = DecodeDuration(before->mean_time());
  return usual.ok() ? std::optional(*mean - *usual) : std::nullopt;
}

void Observe(const Judged& judged, const Stretch& stretch, const std::vector<TcpLog::Window>& windows, Duration width,
             v1::TcpVerdict& edge) {
  TcpSum sum;
  std::vector<ProbeLog::SentWindow> sent;
  for (const TcpLog::Window& window : windows) {
    sum.Add(window.sum);
    sent.push_back({window.start, window.sum.Attempts()});
  }
  edge.set_connected(sum.connected);
  edge.set_refused(sum.refused);
  edge.set_timed_out(sum.timed_out);
  edge.set_unreachable(sum.unreachable);
  const ProbeSum probes = InProbes(sum, judged);
  edge.set_observed(ReachOf(probes));
  const std::optional<Duration> mean = probes.MeanDelay();
  if (mean) *edge.mutable_mean_time() = EncodeDuration(*mean);
  const std::optional<Duration> added = AddedSince(judged.before, mean);
  if (added) *edge.mutable_observed_delay() = EncodeDuration(*added);
  if (!edge.has_planned_share()) return;
  const Prediction expected = Expect(judged.forecast, stretch, sent, width);
  edge.set_share(JudgeShare(expected, probes));
  // Both ends of an attempt are of one clock.
  if (edge.has_planned_delay() && added) edge.set_delay(JudgeDelay(expected, *added, probes.timed, Duration(0)));
}

// As many as a cut may let by.
bool Few(std::uint32_t count, std::uint32_t of) { return count <= std::max<std::uint32_t>(1, of / 20); }

}  // namespace

void JudgeTcp(const DialledStage& stage, const Stretch& stretch, Forecasts& forecasts, const TcpLog& log,
              const v1::StageVerdict* baseline, v1::StageVerdict& verdict) {
  if (stage.edges.empty()) return;
  std::map<NodeName, const ProbeNode*> nodes;
  for (const ProbeNode& node : stage.nodes) nodes[node.name] = &node;
  std::vector<StepIndex> every;
  for (const Step& step : stage.timelines.begin()->second.steps) every.push_back(step.index);
  const TcpPaths paths(stage.timelines);
  const Baseline before = BaselineOf(baseline);
  for (const TcpEdge& edge : stage.edges) {
    const ProbeNode& from = *nodes.at(edge.from);
    const ProbeNode& to = *nodes.at(edge.to);
    const Acting acting = paths.ActingOn(from, to, edge.port, edge.family, stage.active);
    const Forecast& forecast = forecasts.Of(acting);
    if (TooSlow(forecast, stretch)) continue;
    v1::TcpVerdict& added = *verdict.add_tcp();
    added.set_from(edge.from.text());
    added.set_to(edge.to.text());
    added.set_port(edge.port);
    added.set_family(edge.family == Family::kIpv4 ? v1::FAMILY_IPV4 : v1::FAMILY_IPV6);
    const auto known = before.find(NameOf(added));
    const Judged judged = {.acting = acting,
                           .forecast = forecast,
                           .refused_sometimes = MayRefuse(paths.ActingOn(from, to, edge.port, edge.family, every)),
                           .may_refuse = MayRefuse(acting),
                           .is_baseline = baseline == nullptr,
                           .before = known == before.end() ? nullptr : known->second};
    PlanTcp(judged, forecast.OverAll(), added);
    Observe(judged, stretch, log.Windows(edge, stretch.start, stretch.end), log.window(), added);
    if (!Agrees(added)) verdict.set_agrees(false);
    if (added.touched() && !IsUnknown(added)) verdict.set_unseen(false);
  }
}

bool IsUnknown(const v1::TcpVerdict& edge) {
  return edge.observed() == v1::REACH_UNSPECIFIED ||
         (edge.has_planned_share() && edge.share() == v1::JUDGEMENT_UNSPECIFIED);
}

bool Agrees(const v1::TcpVerdict& edge) {
  if (IsUnknown(edge)) return true;
  if (edge.has_planned_share()) return edge.share() != v1::JUDGEMENT_OFF && edge.delay() != v1::JUDGEMENT_OFF;
  if (edge.planned_reachable()) return edge.observed() == v1::REACH_OPEN;
  const std::uint32_t attempts = edge.connected() + edge.refused() + edge.timed_out() + edge.unreachable();
  return edge.observed() == v1::REACH_CUT && (!edge.planned_refused() || Few(edge.timed_out(), attempts));
}

}  // namespace faultline
