#include "controller/report/render_examinations.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/examination_codec.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

// A node in one word, from the best to the worst.
enum class Standing { kGood, kWarnings, kBad, kSilent };
constexpr std::array<const char*, 4> kWords = {"good", "with warnings", "bad", "silent"};

Standing StandingOf(const v1::ExaminedNode& node) {
  if (!node.has_examination()) return Standing::kSilent;
  switch (WorstOf(DecodeExamination(node.examination()))) {
    case Health::kGood:
      return Standing::kGood;
    case Health::kWarning:
      return Standing::kWarnings;
    case Health::kBad:
      break;
  }
  return Standing::kBad;
}

Ink InkOf(Standing standing) {
  if (standing == Standing::kGood) return Ink::kGood;
  return standing == Standing::kWarnings ? Ink::kPlain : Ink::kBad;
}

std::string Indent(const std::string& text) {
  std::string indented;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    absl::StrAppend(&indented, "  ", line, "\n");
  }
  return indented;
}

std::string Block(const v1::ExaminedNode& node, bool all, const TerminalStyle& style) {
  const Standing standing = StandingOf(node);
  const std::string head = absl::StrCat(
      Tame(node.name()), ": ", Paint(kWords[static_cast<std::size_t>(standing)], InkOf(standing), style), "\n");
  if (standing == Standing::kSilent) return absl::StrCat(head, Indent(Tame(node.silence())));
  Examination findings = DecodeExamination(node.examination());
  if (!all) std::erase_if(findings, [](const Finding& finding) { return finding.health == Health::kGood; });
  const std::size_t width = std::max<std::size_t>(style.width, 40) - 2;
  return absl::StrCat(head,
                      Indent(ExaminationText(findings, {.color = style.color, .utf8 = style.utf8, .width = width})));
}

}  // namespace

std::string RenderExaminations(const v1::ExamineNodesResponse& response, bool all, const TerminalStyle& style) {
  if (response.nodes().empty()) return "no node has registered yet\n";
  std::array<std::vector<std::string>, kWords.size()> names;
  std::string text;
  for (const v1::ExaminedNode& node : response.nodes()) {
    absl::StrAppend(&text, Block(node, all, style));
    names[static_cast<std::size_t>(StandingOf(node))].push_back(Tame(node.name()));
  }
  std::vector<std::string> counts;
  for (std::size_t standing = 0; standing < names.size(); ++standing) {
    if (names[standing].empty()) continue;
    // Those that nothing need be done about are not named.
    const std::string who = standing == 0 ? "" : absl::StrCat(" (", absl::StrJoin(names[standing], ", "), ")");
    counts.push_back(absl::StrCat(names[standing].size(), " ", kWords[standing], who));
  }
  return absl::StrCat(text, response.nodes_size(),
                      response.nodes_size() == 1 ? " node: " : " nodes: ", absl::StrJoin(counts, ", "), "\n");
}

bool IsAmiss(const v1::ExamineNodesResponse& response, bool strict) {
  const Standing least = strict ? Standing::kWarnings : Standing::kBad;
  return std::ranges::any_of(response.nodes(),
                             [least](const v1::ExaminedNode& node) { return StandingOf(node) >= least; });
}

}  // namespace faultline
