#include <algorithm>
#include <array>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/timeline_codec.h"
#include "controller/report/columns.h"
#include "controller/report/figure_text.h"
#include "controller/report/harmed_edges.h"
#include "controller/report/sparkline.h"
#include "controller/report/text_table.h"
#include "controller/report/top_blocks.h"

namespace faultline {
namespace {

using Row = std::vector<std::string>;
using Values = std::vector<std::optional<float>>;

constexpr std::size_t kWidestEdge = 40;
// Between two columns.
constexpr std::size_t kGap = 2;
// A bar that fills its line is at least so long, in seconds.
constexpr float kLeastDelay = 0.01f;
// What an open edge may lose.
constexpr float kLittleLoss = 0.05f;
// Of the unit before a single history.
constexpr std::size_t kUnitWidth = 3;

std::string EdgeText(const HarmedEdge& edge, const TerminalStyle& style) {
  const bool ipv4 = edge.families.front() == v1::FAMILY_IPV4;
  return absl::StrCat(ShownName(edge.from, style), Spell(" → ", style), ShownName(edge.to, style),
                      edge.all_families ? ""
                      : ipv4            ? " IPv4"
                                        : " IPv6");
}

absl::string_view WordOf(EdgeHarm harm) {
  switch (harm) {
    case EdgeHarm::kNone:
      return "· open";
    case EdgeHarm::kCut:
      return "█ cut";
    case EdgeHarm::kLossy:
      return "~ lossy";
    case EdgeHarm::kImpaired:
      return "≈ impaired";
    case EdgeHarm::kUnknown:
      break;
  }
  return "? unknown";
}

std::string NowText(const HarmedEdge& edge, const TerminalStyle& style) {
  const std::string word = Spell(WordOf(edge.harm), style);
  return edge.wrong ? Paint(word + "!", Ink::kBad, style) : word;
}

std::string DelayText(const EdgeSight& sight) {
  if (!sight.delay) return "-";
  return absl::StrCat(sight.added && *sight.delay >= Duration(0) ? "+" : "", ShortDelay(*sight.delay));
}

std::string PlannedText(const v1::EdgeVerdict& edge) {
  if (!edge.has_planned_share()) return edge.planned_reachable() ? "open" : "cut";
  std::vector<std::string> parts;
  const Duration delay = DecodeDuration(edge.planned_delay()).value_or(Duration(0));
  if (delay > Duration(0)) parts.push_back("+" + ShortDelay(delay));
  if (edge.planned_share() < 1) parts.push_back(ShortShare(1 - edge.planned_share()));
  return parts.empty() ? "impaired" : absl::StrJoin(parts, " ");
}

// An edge's last minute; of several IP versions the worse of each second.
struct Minute {
  Values lost = Values(EdgeHistory::kSeconds);
  Values delay = Values(EdgeHistory::kSeconds);

  Minute(const HarmedEdge& edge, const EdgeHistory& history) {
    for (const v1::Family family : edge.families) {
      const EdgeHistory::Minute minute = history.Of({edge.from, edge.to, family});
      for (std::size_t i = 0; i < minute.size(); ++i) {
        lost[i] = std::max(lost[i], minute[i].lost);
        delay[i] = std::max(delay[i], minute[i].delay);
      }
    }
  }

  std::string LostLine(std::size_t columns, const TerminalStyle& style) const {
    return Sparkline(lost, columns, 1, style);
  }
  std::string DelayLine(std::size_t columns, const TerminalStyle& style) const {
    return Sparkline(delay, columns, std::max(kLeastDelay, Greatest(delay)), style);
  }
  // Of the two that which tells more, and its unit.
  std::string OneLine(std::size_t columns, const TerminalStyle& style) const {
    const bool loses = Greatest(lost) > kLittleLoss || Greatest(delay) <= 0;
    return absl::StrCat(Pad(loses ? "%" : "ms", kUnitWidth),
                        loses ? LostLine(columns, style) : DelayLine(columns, style));
  }

  static float Greatest(const Values& values) { return std::ranges::max(values).value_or(0); }
};

// What is shown beside an edge's name and its present.
struct EdgesLayout {
  // What was planned.
  bool planned;
  // Histories of both loss and delay, or of one of them.
  bool both;
  // Of a history; divides its seconds.
  std::size_t columns;
};
// From the widest.
constexpr std::array<EdgesLayout, 7> kLayouts = {{{true, true, 60},
                                                  {false, true, 60},
                                                  {true, false, 60},
                                                  {false, false, 60},
                                                  {false, false, 30},
                                                  {false, false, 20},
                                                  {false, false, 10}}};

// One row an edge and one above them: the edge, NOW, LOST, DELAY, PLANNED.
std::vector<Row> Facts(const std::vector<HarmedEdge>& edges, std::size_t directions, const TerminalStyle& style) {
  // An edge whose IP versions fare differently has two rows.
  std::set<std::pair<absl::string_view, absl::string_view>> harmed;
  for (const HarmedEdge& edge : edges) harmed.emplace(edge.from, edge.to);
  std::vector<Row> rows = {
      {absl::StrCat(harmed.size(), " OF ", directions, " EDGES"), "NOW", "LOST", "DELAY", "PLANNED"}};
  for (const HarmedEdge& edge : edges) {
    rows.push_back({EdgeText(edge, style), NowText(edge, style), edge.sight.lost ? ShortShare(*edge.sight.lost) : "-",
                    DelayText(edge.sight), PlannedText(edge.verdict)});
  }
  return rows;
}

std::size_t ColumnWidth(const std::vector<Row>& rows, std::size_t column) {
  std::size_t width = 0;
  for (const Row& row : rows) width = std::max(width, WidthOf(row[column]));
  return width;
}

std::size_t HistoryWidth(const EdgesLayout& layout) {
  return layout.both ? 2 * layout.columns + kGap : kUnitWidth + layout.columns;
}

void AddHistory(const EdgesLayout& layout, const Minute& minute, const TerminalStyle& style, Row& row) {
  if (layout.both) {
    row.push_back(minute.LostLine(layout.columns, style));
    row.push_back(minute.DelayLine(layout.columns, style));
  } else {
    row.push_back(minute.OneLine(layout.columns, style));
  }
}

}  // namespace

TopBlock EdgesBlock(const TopState& state, const TerminalStyle& style, std::size_t width) {
  const std::size_t directions = CountDirections(state.matrix);
  const std::vector<HarmedEdge> edges = HarmedEdgesOf(state.matrix);
  if (directions == 0) return {.head = "no two nodes can probe each other"};
  if (edges.empty()) return {.head = absl::StrCat("all ", directions, " edges are open")};
  std::vector<Row> rows = Facts(edges, directions, style);
  const std::size_t present = ColumnWidth(rows, 1) + ColumnWidth(rows, 2) + ColumnWidth(rows, 3) + 4 * kGap;
  const auto beside = [&](const EdgesLayout& layout) {
    return present + (layout.planned ? ColumnWidth(rows, 4) + kGap : 0) + HistoryWidth(layout);
  };
  const std::size_t name = std::min(kWidestEdge, ColumnWidth(rows, 0));
  auto layout = std::ranges::find_if(kLayouts, [&](const EdgesLayout& each) { return name + beside(each) <= width; });
  if (layout == kLayouts.end()) --layout;
  const std::size_t room = std::min(name, width - std::min(width, beside(*layout)));
  for (Row& row : rows) {
    row[0] = Clip(row[0], room, style);
    if (!layout->planned) row.pop_back();
  }
  rows[0].push_back(layout->both ? "LOST, LAST 60 S" : "LAST 60 S");
  if (layout->both) rows[0].push_back("DELAY, LAST 60 S");
  for (std::size_t i = 0; i < edges.size(); ++i) {
    AddHistory(*layout, Minute(edges[i], state.history), style, rows[i + 1]);
  }
  TopBlock block = TableBlock(rows);
  block.focus = state.scrolled;
  return block;
}

}  // namespace faultline
