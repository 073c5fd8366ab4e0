#include "controller/preview/render_preview.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/duration.h"
#include "controller/preview/make_preview.h"
#include "controller/preview/timeline_bars.h"
#include "controller/report/render_matrix.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

constexpr int kMostNamed = 12;

std::string CutList(const google::protobuf::RepeatedPtrField<std::string>& items, int all) {
  std::vector<std::string> shown;
  for (const std::string& item : items) {
    if (static_cast<int>(shown.size()) == kMostNamed) break;
    shown.push_back(Tame(item));
  }
  std::string text = absl::StrJoin(shown, ", ");
  const int more = all - static_cast<int>(shown.size());
  if (more > 0) absl::StrAppend(&text, shown.empty() ? "" : " ", "and ", more, " more");
  return text;
}

std::string RenderSteps(const v1::PreviewPlanResponse& preview, const TerminalStyle& style) {
  const absl::StatusOr<Timeline> timeline = TimelineOf(preview);
  if (!timeline.ok()) return "";
  std::string text = absl::StrCat("Timeline, ", FormatDuration(timeline->length), "\n",
                                  RenderTimelineBars(*timeline, style), "\nSteps\n");
  std::vector<std::vector<std::string>> rows;
  for (int i = 0; i < preview.step_texts_size() && i < static_cast<int>(timeline->steps.size()); ++i) {
    rows.push_back({timeline->steps[static_cast<std::size_t>(i)].name, Spell(Tame(preview.step_texts(i)), style)});
  }
  return absl::StrCat(text, FormatTable(rows, 2));
}

std::string RenderGroups(const v1::PreviewPlanResponse& preview) {
  if (preview.groups().empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const v1::GroupMembers& group : preview.groups()) {
    rows.push_back({Tame(group.name()), group.nodes().empty() ? "no node" : CutList(group.nodes(), group.nodes_size()),
                    CutList(group.cidrs(), static_cast<int>(group.cidr_count()))});
  }
  std::string text = absl::StrCat("\nGroups\n", FormatTable(rows, 2));
  for (const std::string& draw : preview.drawn()) absl::StrAppend(&text, "  drawn: ", Tame(draw), "\n");
  return text;
}

std::string RenderWords(const v1::PreviewPlanResponse& preview, const TerminalStyle& style) {
  if (preview.programs().empty()) return "";
  std::string text = "\nRules\n";
  for (const v1::NodeStepPreview& program : preview.programs()) {
    absl::StrAppend(&text, "  ", program.node(), ", step ", program.step(), ":",
                    program.rules().empty() ? " only watches" : "", "\n");
    for (const std::string& rule : program.rules()) absl::StrAppend(&text, "    ", Spell(Tame(rule), style), "\n");
  }
  return text;
}

std::string RenderSpared(const v1::PreviewPlanResponse& preview) {
  if (preview.spared().empty()) return "\nProtected traffic: none of it is among the faults' packets\n";
  std::string text = "\nProtected traffic, which the steps would touch and do not\n";
  std::vector<std::vector<std::string>> rows;
  for (const v1::SparedTraffic& spared : preview.spared()) {
    rows.push_back({Tame(spared.step()), absl::StrJoin(spared.kinds(), ", ")});
  }
  return absl::StrCat(text, FormatTable(rows, 2));
}

}  // namespace

std::string RenderPreview(const v1::PreviewPlanResponse& preview, const TerminalStyle& style) {
  std::string text = absl::StrCat(RenderSteps(preview, style), RenderGroups(preview), RenderWords(preview, style),
                                  RenderSpared(preview));
  for (const v1::StageVerdict& stage : preview.stages()) {
    absl::StrAppend(&text, "\n", RenderPlannedMatrix(stage, style));
  }
  if (!preview.left_out().empty()) {
    absl::StrAppend(&text, "\nLeft out, since the fleet is large: ", Tame(preview.left_out()), "\n");
  }
  const bool remarks = !preview.warnings().empty() || !preview.notes().empty() || !preview.permission().empty();
  if (remarks) absl::StrAppend(&text, "\n");
  for (const std::string& warning : preview.warnings()) absl::StrAppend(&text, "warning: ", Tame(warning), "\n");
  if (!preview.permission().empty()) absl::StrAppend(&text, "warning: ", Tame(preview.permission()), "\n");
  for (const std::string& note : preview.notes()) absl::StrAppend(&text, "note: ", Tame(note), "\n");
  return text;
}

std::string RenderNftRules(const v1::PreviewPlanResponse& preview, const std::string& node) {
  std::string text;
  for (const v1::NodeRules& rules : preview.rules()) {
    if (!node.empty() && rules.node() != node) continue;
    absl::StrAppend(&text, "# ", rules.node());
    if (!rules.problem().empty()) {
      absl::StrAppend(&text, ": cannot: ", Tame(rules.problem()), "\n");
    } else if (rules.nft().empty()) {
      absl::StrAppend(&text, ": no rules\n");
    } else {
      absl::StrAppend(
          &text,
          ", every gate closed, on the interfaces that it has reported. Not known here, and so left out:\n"
          "# what the node's agent protects besides (its connection to the controller, and the `protect:` "
          "of its\n# configuration), and interfaces that it passes over. fl0, fl1, ... are devices that the "
          "agent makes;\n# `nft -c` wants them to be there: ip link add fl0 type ifb.\n",
          rules.nft());
    }
  }
  return text;
}

}  // namespace faultline
