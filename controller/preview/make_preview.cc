#include "controller/preview/make_preview.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/program/compose.h"
#include "common/timeline_codec.h"
#include "controller/compile/describe.h"
#include "controller/compile/predict.h"
#include "controller/preview/nft_text.h"
#include "controller/preview/spared.h"
#include "controller/report/probe_config.h"
#include "controller/report/verdict.h"

namespace faultline {
namespace {

constexpr std::size_t kMostCidrs = 32;

// A timeline without what is a node's own, so that it is small whatever the plan.
Timeline WithoutRules(Timeline timeline) {
  timeline.prefix_sets.clear();
  for (Step& step : timeline.steps) {
    step.rules.clear();
    step.filter.except_addresses.reset();
  }
  return timeline;
}

NodeFacts FactsOf(const InventoryNode& node) {
  std::set<std::string> devices;
  for (const auto& [address, interface] : node.interfaces) devices.insert(interface);
  return {.devices = {devices.begin(), devices.end()}, .protect = {}, .has = node.has, .platform = node.platform};
}

v1::NodeRules RulesOf(const InventoryNode& node, const Timeline& timeline) {
  v1::NodeRules rules;
  rules.set_node(node.name.text());
  const absl::StatusOr<Program> program = Compose(timeline, FactsOf(node));
  if (!program.ok()) {
    rules.set_problem(std::string(program.status().message()));
  } else {
    rules.set_nft(NftText(*program));
  }
  return rules;
}

void LeaveOut(const std::string& what, v1::PreviewPlanResponse& preview) {
  absl::StrAppend(preview.mutable_left_out(), preview.left_out().empty() ? "" : "; ", what);
}

// Lines of all nodes' words: a heading for each node and step, and the rules.
std::size_t CountWords(const std::vector<Timeline>& timelines) {
  std::size_t lines = 0;
  for (const Timeline& timeline : timelines) {
    for (const Step& step : timeline.steps) lines += 1 + step.rules.size();
  }
  return lines;
}

void AddWords(const Compiled& compiled, v1::PreviewPlanResponse& preview) {
  const std::size_t lines = CountWords(compiled.timelines);
  if (lines > kMostPreviewWords) {
    return LeaveOut(absl::StrCat("rules in words, ", lines, " lines (`--node NAME` shows one node's as nft has them)"),
                    preview);
  }
  for (const Timeline& timeline : compiled.timelines) {
    for (const Step& step : timeline.steps) {
      v1::NodeStepPreview& program = *preview.add_programs();
      program.set_node(timeline.node.text());
      program.set_step(step.name);
      for (const Rule& rule : step.rules) program.add_rules(DescribeRule(rule, step, timeline));
    }
  }
}

void AddSteps(const Compiled& compiled, v1::PreviewPlanResponse& preview) {
  const Timeline timeline = WithoutRules(compiled.timelines.front());
  *preview.mutable_timeline() = EncodeTimeline(timeline);
  *preview.mutable_length() = EncodeDuration(timeline.length);
  for (const Step& step : timeline.steps) {
    preview.add_step_texts(DescribeStep(step));
    const std::vector<std::string> kinds = SparedBy(step.index, compiled.timelines);
    if (kinds.empty()) continue;
    v1::SparedTraffic& spared = *preview.add_spared();
    spared.set_step(step.name);
    spared.mutable_kinds()->Assign(kinds.begin(), kinds.end());
  }
}

// From every node to every other, by each IP version that both have.
std::size_t CountEdges(const std::vector<ProbeNode>& nodes) {
  std::size_t edges = 0;
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    const auto having = static_cast<std::size_t>(std::count_if(
        nodes.begin(), nodes.end(), [family](const ProbeNode& node) { return node.Address(family).has_value(); }));
    edges += having == 0 ? 0 : having * (having - 1);
  }
  return edges;
}

void AddStages(const Compiled& compiled, const Inventory& inventory, std::uint16_t probe_port,
               v1::PreviewPlanResponse& preview) {
  const std::vector<ProbeNode> nodes = ProbeNodesOf(inventory);
  const std::vector<Stage> stages = StagesOf(compiled.timelines.front());
  const std::size_t edges = CountEdges(nodes);
  if (edges > kMostPreviewEdges / stages.size()) {
    return LeaveOut(absl::StrCat("who would reach whom, ", edges, " edges in each of ", stages.size(), " stages"),
                    preview);
  }
  std::map<NodeName, Timeline> timelines;
  for (const Timeline& timeline : compiled.timelines) timelines[timeline.node] = timeline;
  for (const Stage& stage : stages) {
    *preview.add_stages() = PlannedStage(stage, {nodes, timelines, probe_port});
  }
}

}  // namespace

v1::PreviewPlanResponse MakePreview(const Compiled& compiled, const Inventory& inventory, std::uint16_t probe_port,
                                    const PreviewDetail& detail) {
  v1::PreviewPlanResponse preview;
  preview.mutable_warnings()->Assign(compiled.warnings.begin(), compiled.warnings.end());
  preview.mutable_notes()->Assign(compiled.notes.begin(), compiled.notes.end());
  if (detail.brief) return preview;
  preview.mutable_drawn()->Assign(compiled.drawn.begin(), compiled.drawn.end());
  for (const ResolvedGroup& group : compiled.groups) *preview.add_groups() = EncodeGroup(group);
  if (compiled.timelines.empty()) return preview;
  AddSteps(compiled, preview);
  AddWords(compiled, preview);
  AddStages(compiled, inventory, probe_port, preview);
  // Both are by name.
  for (std::size_t i = 0; detail.rules && i < compiled.timelines.size(); ++i) {
    if (!detail.node.empty() && inventory.nodes[i].name.text() != detail.node) continue;
    *preview.add_rules() = RulesOf(inventory.nodes[i], compiled.timelines[i]);
  }
  return preview;
}

absl::StatusOr<Timeline> TimelineOf(const v1::PreviewPlanResponse& preview) {
  return DecodeTimeline(preview.timeline());
}

v1::GroupMembers EncodeGroup(const ResolvedGroup& group) {
  v1::GroupMembers message;
  message.set_name(group.name);
  message.mutable_nodes()->Assign(group.nodes.begin(), group.nodes.end());
  const std::vector<Prefix>& prefixes = group.cidrs.prefixes();
  for (std::size_t i = 0; i < std::min(prefixes.size(), kMostCidrs); ++i) message.add_cidrs(prefixes[i].ToString());
  message.set_cidr_count(static_cast<std::uint32_t>(prefixes.size()));
  return message;
}

}  // namespace faultline
