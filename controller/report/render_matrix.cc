#include "controller/report/render_matrix.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/duration.h"
#include "common/timeline_codec.h"
#include "controller/report/matrix_cells.h"
#include "controller/report/matrix_groups.h"
#include "controller/report/summary.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

constexpr std::size_t kMostSingle = 16;
constexpr std::size_t kWidestLabel = 40;
constexpr std::size_t kGap = 3;
constexpr absl::string_view kCorner = "from \\ to";

struct Sign {
  CellReach reach;
  absl::string_view text;
  absl::string_view meaning;
};
constexpr std::array<Sign, 7> kSigns = {{{CellReach::kOpen, "·", "arrives"},
                                         {CellReach::kCut, "█", "cut"},
                                         {CellReach::kLossy, "~", "some lost"},
                                         {CellReach::kOnlyIpv4, "4", "only IPv4 arrives"},
                                         {CellReach::kOnlyIpv6, "6", "only IPv6 arrives"},
                                         {CellReach::kUnknown, "?", "not known"},
                                         {CellReach::kNone, "-", ""}}};

absl::string_view SignOf(CellReach reach) { return std::ranges::find(kSigns, reach, &Sign::reach)->text; }

// A block of text, line by line.
using Lines = std::vector<std::string>;

enum class Side { kPlanned, kObserved };

// One matrix laid out: how rows and columns are named.
struct Layout {
  Lines row_labels;
  Lines headings;
  std::size_t label_width = 0;
  std::size_t column_width = 0;

  std::size_t MatrixWidth() const { return headings.size() * column_width; }
  std::size_t WidthSideBySide() const { return label_width + 2 + 2 * MatrixWidth() + kGap; }
};

std::string Abbreviate(const std::string& label, const TerminalStyle& style) {
  if (label.size() <= kWidestLabel) return label;
  const std::size_t half = (kWidestLabel - 2) / 2;
  return absl::StrCat(label.substr(0, half), Spell("…", style), label.substr(label.size() - half));
}

// The names, shortened where they are too long and the short forms still tell them apart.
Lines ShortNames(const Matrix& matrix, const TerminalStyle& style) {
  Lines names;
  for (const std::string& name : matrix.names()) names.push_back(Abbreviate(name, style));
  return std::set<std::string>(names.begin(), names.end()).size() == names.size() ? names : matrix.names();
}

void Measure(Layout& layout) {
  layout.label_width = kCorner.size();
  for (const std::string& label : layout.row_labels) layout.label_width = std::max(layout.label_width, WidthOf(label));
  layout.column_width = 3;
  for (const std::string& heading : layout.headings) {
    layout.column_width = std::max(layout.column_width, WidthOf(heading) + 1);
  }
}

Layout NamedLayout(const Matrix& matrix) {
  Layout layout{.row_labels = matrix.names(), .headings = matrix.names()};
  Measure(layout);
  return layout;
}

// Columns are called by the numbers of the rows.
Layout NumberedLayout(const Matrix& matrix, const TerminalStyle& style) {
  const Lines names = ShortNames(matrix, style);
  const std::size_t digits = absl::StrCat(matrix.size()).size();
  Layout layout;
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    const std::string number = absl::StrCat(i + 1);
    layout.headings.push_back(number);
    layout.row_labels.push_back(absl::StrCat(std::string(digits - number.size(), ' '), number, " ", names[i]));
  }
  Measure(layout);
  return layout;
}

Layout ChooseLayout(const Matrix& matrix, const TerminalStyle& style) {
  Layout named = NamedLayout(matrix);
  return named.WidthSideBySide() <= style.width ? named : NumberedLayout(matrix, style);
}

std::string CellText(const MatrixCell& cell, Side side, const TerminalStyle& style) {
  if (side == Side::kPlanned) return std::string(SignOf(cell.planned));
  if (cell.agrees) return std::string(SignOf(cell.observed));
  return Paint(absl::StrCat(SignOf(cell.observed), "!"), Ink::kBad, style);
}

Lines MatrixLines(const Matrix& matrix, const Layout& layout, Side side, const TerminalStyle& style) {
  Lines lines = {side == Side::kPlanned ? "planned" : "observed", ""};
  for (const std::string& heading : layout.headings) lines.back() += Pad(heading, layout.column_width);
  for (std::size_t from = 0; from < matrix.size(); ++from) {
    std::string& line = lines.emplace_back();
    for (std::size_t to = 0; to < matrix.size(); ++to) {
      line += Pad(CellText(matrix.At(from, to), side, style), layout.column_width);
    }
  }
  return lines;
}

Lines LabelLines(const Layout& layout) {
  Lines lines = {"", std::string(kCorner)};
  lines.insert(lines.end(), layout.row_labels.begin(), layout.row_labels.end());
  return lines;
}

void AppendBlock(const std::vector<std::pair<const Lines*, std::size_t>>& columns, std::string& text) {
  for (std::size_t row = 0; row < columns.front().first->size(); ++row) {
    std::string line;
    for (const auto& [lines, width] : columns) line += Pad((*lines)[row], width);
    absl::StripTrailingAsciiWhitespace(&line);
    absl::StrAppend(&text, line, "\n");
  }
}

std::string Legend(const Matrix& matrix, bool observed) {
  std::set<CellReach> used;
  bool all_agree = true;
  for (std::size_t from = 0; from < matrix.size(); ++from) {
    for (std::size_t to = 0; to < matrix.size(); ++to) {
      const MatrixCell& cell = matrix.At(from, to);
      used.insert(cell.planned);
      if (!observed) continue;
      used.insert(cell.observed);
      all_agree = all_agree && cell.agrees;
    }
  }
  Lines parts;
  for (const Sign& sign : kSigns) {
    if (!sign.meaning.empty() && used.contains(sign.reach)) {
      parts.push_back(absl::StrCat(sign.text, " ", sign.meaning));
    }
  }
  if (!all_agree) parts.push_back("! not as planned");
  return absl::StrJoin(parts, "   ");
}

std::string Heading(const v1::StageVerdict& stage) {
  const absl::StatusOr<Duration> start = DecodeDuration(stage.start());
  const absl::StatusOr<Duration> end = DecodeDuration(stage.end());
  if (!start.ok() || !end.ok()) return stage.name();
  return absl::StrCat(stage.name(), "  ", FormatDuration(*start), " to ", FormatDuration(*end));
}

std::string Result(const v1::StageVerdict& stage, const TerminalStyle& style) {
  if (stage.edges().empty()) return "no two nodes can probe each other";
  if (stage.agrees()) return Paint("as planned", Ink::kGood, style);
  const auto wrong = std::ranges::count_if(stage.edges(), [](const v1::EdgeVerdict& edge) { return !Agrees(edge); });
  return Paint(absl::StrCat("NOT as planned: ", wrong, " of ", stage.edges_size(), " edges"), Ink::kBad, style);
}

GroupedMatrix ReadForDisplay(const v1::StageVerdict& stage) {
  Matrix matrix = ReadMatrix(stage);
  if (matrix.size() > kMostSingle) return GroupAlike(matrix);
  return {.matrix = std::move(matrix)};
}

std::string RenderSides(const v1::StageVerdict& stage, const std::string& heading, const std::vector<Side>& sides,
                        const TerminalStyle& style) {
  const GroupedMatrix grouped = ReadForDisplay(stage);
  std::string text = heading + "\n";
  if (grouped.matrix.size() > 0) {
    const Layout layout = ChooseLayout(grouped.matrix, style);
    const Lines labels = LabelLines(layout);
    std::vector<Lines> blocks;
    for (const Side side : sides) blocks.push_back(MatrixLines(grouped.matrix, layout, side, style));
    if (sides.size() == 1 || layout.WidthSideBySide() <= style.width) {
      std::vector<std::pair<const Lines*, std::size_t>> columns = {{&labels, layout.label_width + 2}};
      for (const Lines& block : blocks) columns.emplace_back(&block, layout.MatrixWidth() + kGap);
      AppendBlock(columns, text);
    } else {
      for (const Lines& block : blocks) AppendBlock({{&labels, layout.label_width + 2}, {&block, 0}}, text);
    }
    for (const std::string& note : grouped.notes) absl::StrAppend(&text, note, "\n");
    absl::StrAppend(&text, Legend(grouped.matrix, sides.back() == Side::kObserved), "\n");
  }
  return Spell(text, style);
}

}  // namespace

std::string RenderMatrix(const v1::StageVerdict& stage, const TerminalStyle& style) {
  return RenderSides(stage, absl::StrCat(Heading(stage), "  ", Result(stage, style)), {Side::kPlanned, Side::kObserved},
                     style);
}

std::string RenderPlannedMatrix(const v1::StageVerdict& stage, const TerminalStyle& style) {
  return RenderSides(stage, Heading(stage), {Side::kPlanned}, style);
}

}  // namespace faultline
