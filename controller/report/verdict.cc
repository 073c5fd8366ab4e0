#include "controller/report/verdict.h"

#include <algorithm>
#include <set>

#include "absl/functional/function_ref.h"
#include "common/timeline_codec.h"
#include "controller/report/summary.h"

namespace faultline {
namespace {

constexpr std::uint32_t kFewest = 2;
constexpr std::uint32_t kMostLostPercent = 5;

using EdgeVisitor = absl::FunctionRef<void(const ProbeNode& from, const ProbeNode& to, Family family)>;

void ForEachEdge(std::span<const ProbeNode> nodes, EdgeVisitor visit) {
  for (const ProbeNode& from : nodes) {
    for (const ProbeNode& to : nodes) {
      if (from.name == to.name) continue;
      for (const Family family : {Family::kIpv4, Family::kIpv6}) {
        if (from.Address(family) && to.Address(family)) visit(from, to, family);
      }
    }
  }
}

const Timeline* TimelineOf(const std::map<NodeName, Timeline>& timelines, const NodeName& node) {
  const auto found = timelines.find(node);
  return found == timelines.end() ? nullptr : &found->second;
}

bool Planned(const ProbeNode& from, const ProbeNode& to, Family family, const std::map<NodeName, Timeline>& timelines,
             std::span<const StepIndex> active) {
  return Reaches(TimelineOf(timelines, from.name), *from.Address(family), TimelineOf(timelines, to.name),
                 *to.Address(family), active);
}

v1::EdgeVerdict& AddEdge(const ProbeNode& from, const ProbeNode& to, Family family, bool planned,
                         v1::StageVerdict& stage) {
  v1::EdgeVerdict& edge = *stage.add_edges();
  edge.set_from(from.name.text());
  edge.set_to(to.name.text());
  edge.set_family(family == Family::kIpv4 ? v1::FAMILY_IPV4 : v1::FAMILY_IPV6);
  edge.set_planned_reachable(planned);
  return edge;
}

// Fills in what was observed of every edge, and whether all is as planned.
void Observe(ControllerTime start, ControllerTime end, const ProbeLog& log, v1::StageVerdict& stage) {
  std::map<std::string, bool> witnesses;
  for (v1::EdgeVerdict& edge : *stage.mutable_edges()) {
    const NodeName to(edge.to());
    const ProbeSum sum = log.Sum({.from = NodeName(edge.from()),
                                  .to = to,
                                  .family = edge.family() == v1::FAMILY_IPV4 ? Family::kIpv4 : Family::kIpv6},
                                 start, end);
    edge.set_sent(sum.sent);
    edge.set_received(sum.received);
    const auto [witness, fresh] = witnesses.try_emplace(edge.to());
    if (fresh) witness->second = log.Witnessed(to, start, end);
    edge.set_observed(witness->second ? ReachOf(sum) : v1::REACH_UNSPECIFIED);
  }
  stage.set_agrees(!stage.edges().empty() && std::ranges::all_of(stage.edges(), Agrees));
}

}  // namespace

v1::Reach ReachOf(const ProbeSum& sum) {
  if (sum.sent < kFewest) return v1::REACH_UNSPECIFIED;
  if (sum.received == 0) return v1::REACH_CUT;
  const std::uint32_t lost = sum.sent - std::min(sum.sent, sum.received);
  const std::uint32_t allowed = std::max<std::uint32_t>(1, sum.sent * kMostLostPercent / 100);
  return lost <= allowed ? v1::REACH_OPEN : v1::REACH_LOSSY;
}

v1::StageVerdict PlannedStage(const Stage& stage, std::span<const ProbeNode> nodes,
                              const std::map<NodeName, Timeline>& timelines) {
  v1::StageVerdict verdict;
  verdict.set_name(stage.name);
  const Duration start = stage.start == stage.end ? stage.start - kBaseline : stage.start;
  *verdict.mutable_start() = EncodeDuration(start);
  *verdict.mutable_end() = EncodeDuration(stage.end);
  ForEachEdge(nodes, [&](const ProbeNode& from, const ProbeNode& to, Family family) {
    AddEdge(from, to, family, Planned(from, to, family, timelines, stage.active), verdict);
  });
  return verdict;
}

v1::StageVerdict JudgeStage(const Stage& stage, std::span<const ProbeNode> nodes,
                            const std::map<NodeName, Timeline>& timelines, ControllerTime t0, const ProbeLog& log,
                            Duration margin) {
  v1::StageVerdict verdict = PlannedStage(stage, nodes, timelines);
  const Duration start = stage.start == stage.end ? stage.start - kBaseline : stage.start;
  Observe(t0 + start + margin, t0 + stage.end - margin, log, verdict);
  return verdict;
}

v1::StageVerdict JudgeWindow(std::span<const ProbeNode> nodes, std::span<const RunNow> runs, ControllerTime now,
                             const ProbeLog& log) {
  v1::StageVerdict verdict;
  verdict.set_name("now");
  *verdict.mutable_start() = EncodeDuration(-kLiveLag - kLiveWindow);
  *verdict.mutable_end() = EncodeDuration(-kLiveLag);
  ForEachEdge(nodes, [&](const ProbeNode& from, const ProbeNode& to, Family family) {
    const bool planned = std::ranges::all_of(
        runs, [&](const RunNow& run) { return Planned(from, to, family, *run.timelines, run.active); });
    AddEdge(from, to, family, planned, verdict);
  });
  Observe(now - kLiveLag - kLiveWindow, now - kLiveLag, log, verdict);
  return verdict;
}

}  // namespace faultline
