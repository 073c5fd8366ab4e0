#include "controller/report/render_matrix.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/timeline_codec.h"
#include "controller/report/columns.h"
#include "controller/report/matrix_cells.h"
#include "controller/report/matrix_groups.h"
#include "controller/report/matrix_signs.h"
#include "controller/report/result_text.h"
#include "controller/report/run_words.h"
#include "controller/report/summary.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

constexpr std::size_t kMostSingle = 16;
constexpr std::size_t kWidestLabel = 40;
constexpr std::size_t kWidestLegend = 100;
constexpr std::size_t kColumnGap = 3;
constexpr absl::string_view kCorner = "from \\ to";

// A block of text, line by line.
using Lines = std::vector<std::string>;

enum class View { kPlanned, kObserved };

std::string CellText(const MatrixCell& cell, View view, const TerminalStyle& style) {
  if (view == View::kPlanned) return CellSign(cell.planned, cell.planned_figures, cell.planned_share);
  const std::string text = CellSign(cell.observed, cell.observed_figures, cell.observed_share);
  return cell.agrees ? text : Paint(text + "!", Ink::kBad, style);
}

// One matrix laid out: how rows and columns are named.
struct MatrixLayout {
  Lines row_labels;
  Lines headings;
  std::size_t label_width = 0;
  std::size_t column_width = 0;

  std::size_t MatrixWidth() const { return headings.size() * column_width; }
  std::size_t WidthSideBySide() const { return label_width + 2 + 2 * MatrixWidth() + kColumnGap; }
};

std::string Abbreviate(const std::string& label, const TerminalStyle& style) {
  if (WidthOf(label) <= kWidestLabel) return label;
  constexpr std::size_t kHalf = (kWidestLabel - 2) / 2;
  absl::string_view tail = label;
  while (WidthOf(tail) > kHalf) TakeLetter(tail);
  return absl::StrCat(FirstColumns(label, kHalf), Spell("…", style), tail);
}

// The names, shortened where they are too long and the short forms still tell them apart.
Lines ShortNames(const Matrix& matrix, const TerminalStyle& style) {
  Lines names;
  for (const std::string& name : matrix.names()) names.push_back(Abbreviate(name, style));
  return std::set<std::string>(names.begin(), names.end()).size() == names.size() ? names : matrix.names();
}

void Measure(const Matrix& matrix, MatrixLayout& layout) {
  layout.label_width = kCorner.size();
  for (const std::string& label : layout.row_labels) layout.label_width = std::max(layout.label_width, WidthOf(label));
  layout.column_width = 3;
  for (const std::string& heading : layout.headings) {
    layout.column_width = std::max(layout.column_width, WidthOf(heading) + 1);
  }
  for (std::size_t from = 0; from < matrix.size(); ++from) {
    for (std::size_t to = 0; to < matrix.size(); ++to) {
      for (const View view : {View::kPlanned, View::kObserved}) {
        const std::string text = CellText(matrix.At(from, to), view, {});
        layout.column_width = std::max(layout.column_width, WidthOf(text) + 1);
      }
    }
  }
}

MatrixLayout NamedLayout(const Matrix& matrix) {
  MatrixLayout layout{.row_labels = matrix.names(), .headings = matrix.names()};
  Measure(matrix, layout);
  return layout;
}

// Columns are called by the numbers of the rows.
MatrixLayout NumberedLayout(const Matrix& matrix, const TerminalStyle& style) {
  const Lines names = ShortNames(matrix, style);
  const std::size_t digits = absl::StrCat(matrix.size()).size();
  MatrixLayout layout;
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    const std::string number = absl::StrCat(i + 1);
    layout.headings.push_back(number);
    layout.row_labels.push_back(absl::StrCat(std::string(digits - number.size(), ' '), number, " ", names[i]));
  }
  Measure(matrix, layout);
  return layout;
}

MatrixLayout ChooseLayout(const Matrix& matrix, const TerminalStyle& style) {
  MatrixLayout named = NamedLayout(matrix);
  return named.WidthSideBySide() <= style.width ? named : NumberedLayout(matrix, style);
}

Lines MatrixLines(const Matrix& matrix, const MatrixLayout& layout, View view, const TerminalStyle& style) {
  Lines lines = {view == View::kPlanned ? "planned" : "observed", ""};
  for (const std::string& heading : layout.headings) lines.back() += Pad(heading, layout.column_width);
  for (std::size_t from = 0; from < matrix.size(); ++from) {
    std::string& line = lines.emplace_back();
    for (std::size_t to = 0; to < matrix.size(); ++to) {
      line += Pad(CellText(matrix.At(from, to), view, style), layout.column_width);
    }
  }
  return lines;
}

Lines LabelLines(const MatrixLayout& layout) {
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

// Parts of a legend, on as few lines as hold them.
std::string Wrap(const Lines& parts, std::size_t widest) {
  std::string text;
  std::size_t width = 0;
  for (const std::string& part : parts) {
    const bool fits = width + 3 + WidthOf(part) <= widest;
    absl::StrAppend(&text, text.empty() ? "" : fits ? "   " : "\n", part);
    width = (fits && width > 0 ? width + 3 : 0) + WidthOf(part);
  }
  return text;
}

// Which kinds of figures occur.
struct FiguresUsed {
  bool delay = false;
  bool loss = false;
  bool none = false;
  bool version = false;

  void Add(const CellFigures& figures) {
    delay = delay || figures.delays;
    loss = loss || figures.loses;
    none = none || (!figures.delays && !figures.loses);
    version = version || figures.version != 0;
  }
};

std::string Legend(const Matrix& matrix, bool observed, const TerminalStyle& style) {
  std::set<CellReach> used;
  bool all_agree = true;
  FiguresUsed figures;
  for (std::size_t from = 0; from < matrix.size(); ++from) {
    for (std::size_t to = 0; to < matrix.size(); ++to) {
      const MatrixCell& cell = matrix.At(from, to);
      used.insert(cell.planned);
      if (cell.planned == CellReach::kImpaired) figures.Add(cell.planned_figures);
      if (!observed) continue;
      used.insert(cell.observed);
      if (cell.observed == CellReach::kImpaired) figures.Add(cell.observed_figures);
      all_agree = all_agree && cell.agrees;
    }
  }
  Lines parts;
  for (const MatrixSign& sign : kMatrixSigns) {
    const bool shown = sign.reach == CellReach::kImpaired ? figures.none : used.contains(sign.reach);
    if (!sign.meaning.empty() && shown) {
      parts.push_back(absl::StrCat(sign.text, " ", sign.meaning));
    }
  }
  if (figures.delay) parts.push_back("ms added delay");
  if (figures.loss) parts.push_back("% lost");
  if (figures.version) parts.push_back("4: IPv4 alone   6: IPv6 alone");
  if (used.contains(CellReach::kMixed)) parts.push_back("1/2 so many of so many edges open");
  if (!all_agree) parts.push_back("! not as planned");
  return Wrap(parts, std::min(style.width, kWidestLegend));
}

std::string Heading(const v1::StageVerdict& stage) {
  const absl::StatusOr<Duration> start = DecodeDuration(stage.start());
  const absl::StatusOr<Duration> end = DecodeDuration(stage.end());
  if (!start.ok() || !end.ok()) return stage.name();
  return absl::StrCat(stage.name(), "  ", FormatDuration(*start), " to ", FormatDuration(*end));
}

std::string MatrixResult(const v1::StageVerdict& stage, const TerminalStyle& style) {
  const auto wrong = std::ranges::count_if(stage.edges(), [](const v1::EdgeVerdict& edge) { return !Agrees(edge); });
  const std::string sampled =
      stage.unprobed_edges() == 0 ? "" : absl::StrCat("  (", EdgesText(stage), " edges are probed)");
  if (wrong > 0) {
    return Paint(absl::StrCat("NOT as planned: ", wrong, " of ", stage.edges_size(), " edges"), Ink::kBad, style) +
           WaitText(stage) + sampled;
  }
  return ResultText(stage, style) + sampled;
}

GroupedMatrix RowsOf(const v1::StageVerdict& stage, MatrixRows rows, const TerminalStyle& style) {
  Matrix matrix = ReadMatrix(stage);
  // No two nodes of a sample are probed alike.
  if (stage.unprobed_edges() > 0 && matrix.size() > kMostSingle && rows != MatrixRows::kNodes) return {};
  const bool single =
      rows == MatrixRows::kNodes || matrix.size() <= kMostSingle ||
      (rows == MatrixRows::kNodesThatFit && ChooseLayout(matrix, style).WidthSideBySide() <= style.width);
  if (!single) return GroupAlike(matrix);
  return {.matrix = std::move(matrix)};
}

std::string RenderViews(const GroupedMatrix& grouped, const std::string& heading, const std::vector<View>& views,
                        const TerminalStyle& style) {
  std::string text = heading + "\n";
  if (grouped.matrix.size() > 0) {
    const MatrixLayout layout = ChooseLayout(grouped.matrix, style);
    const Lines labels = LabelLines(layout);
    std::vector<Lines> blocks;
    for (const View view : views) blocks.push_back(MatrixLines(grouped.matrix, layout, view, style));
    if (views.size() == 1 || layout.WidthSideBySide() <= style.width) {
      std::vector<std::pair<const Lines*, std::size_t>> columns = {{&labels, layout.label_width + 2}};
      for (const Lines& block : blocks) columns.emplace_back(&block, layout.MatrixWidth() + kColumnGap);
      AppendBlock(columns, text);
    } else {
      for (const Lines& block : blocks) AppendBlock({{&labels, layout.label_width + 2}, {&block, 0}}, text);
    }
    for (const std::string& note : grouped.notes) absl::StrAppend(&text, note, "\n");
    absl::StrAppend(&text, Legend(grouped.matrix, views.back() == View::kObserved, style), "\n");
  }
  return Spell(text, style);
}

std::string RenderBoth(const v1::StageVerdict& stage, const GroupedMatrix& grouped, const TerminalStyle& style) {
  return RenderViews(grouped, absl::StrCat(Heading(stage), "  ", MatrixResult(stage, style)),
                     {View::kPlanned, View::kObserved}, style);
}

}  // namespace

std::string RenderMatrix(const v1::StageVerdict& stage, const TerminalStyle& style, MatrixRows rows) {
  return RenderBoth(stage, RowsOf(stage, rows, style), style);
}

std::string RenderGroupedMatrix(const v1::StageVerdict& stage, const std::map<std::string, std::string>& group_of,
                                const TerminalStyle& style) {
  return RenderBoth(stage, {.matrix = GroupByName(ReadMatrix(stage), group_of)}, style);
}

std::string RenderPlannedMatrix(const v1::StageVerdict& stage, const TerminalStyle& style) {
  return RenderViews(RowsOf(stage, MatrixRows::kAlike, style), Heading(stage), {View::kPlanned}, style);
}

}  // namespace faultline
