#include "controller/report/top_frame.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/report/columns.h"
#include "controller/report/harmed_edges.h"
#include "controller/report/run_progress.h"
#include "controller/report/top_blocks.h"

namespace faultline {
namespace {

using Lines = std::vector<std::string>;

constexpr const char* kKeys = "q quit   j k scroll   r next run   ? help";
// From this height on there are blank lines between the parts.
constexpr std::size_t kAiry = 20;
// With fewer lines for runs, steps and edges the steps are left out.
constexpr std::size_t kRoomForSteps = 10;

const Lines& HelpLines() {
  static const Lines lines = {"q             quit (or Ctrl-C)",
                              "j k, arrows   scroll the edges",
                              "r             the next run's steps",
                              "?             back",
                              "NOW and LOST: of the last seconds' probes; ! is not as planned.",
                              "DELAY: + beyond the run's baseline, else one-way, with the clocks' errors."};
  return lines;
}

// The parts of a frame, and how many rows each may have.
struct FrameLayout {
  Lines fleet;
  TopBlock runs;
  TopBlock steps;
  TopBlock edges;
  std::size_t run_rows = 0;
  std::size_t step_rows = 0;
  std::size_t edge_rows = 0;
  bool airy = false;
};

FrameLayout LayOut(const TopState& state, const TerminalStyle& style, std::size_t width, std::size_t height) {
  FrameLayout layout = {.fleet = FleetLines(state, style, width),
                        .runs = RunsBlock(state, style),
                        .steps = StepsBlock(state, style),
                        .edges = EdgesBlock(state, style, width),
                        .airy = height >= kAiry};
  std::size_t room = height - layout.fleet.size() - (state.keys ? 1 : 0) - (layout.airy ? 3 : 0);
  if (room < kRoomForSteps) layout.steps = {};
  layout.run_rows = std::min(layout.runs.rows.size(), std::max<std::size_t>(1, room / 5));
  layout.step_rows = std::min(layout.steps.rows.size(), std::max<std::size_t>(1, room / 3));
  room -= 2 + layout.run_rows + layout.step_rows + (layout.steps.head.empty() ? 0 : 1);
  layout.edge_rows = room;
  return layout;
}

std::size_t MostHidden(std::size_t all, std::size_t rows) {
  return all <= rows ? 0 : all - (rows - std::min<std::size_t>(rows, 1));
}

// As many of the rows as fit, from `first` on if that leaves none of the lines unused, and a line that counts the
// others.
void AppendRows(const Lines& rows, std::size_t first, std::size_t most, Lines& lines) {
  if (rows.size() <= most) {
    lines.insert(lines.end(), rows.begin(), rows.end());
    return;
  }
  if (most == 0) return;
  const std::size_t shown = most - 1;
  first = std::min(first, MostHidden(rows.size(), most));
  const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(first);
  lines.insert(lines.end(), begin, begin + static_cast<std::ptrdiff_t>(shown));
  const std::size_t below = rows.size() - first - shown;
  lines.push_back(first == 0   ? absl::StrCat("and ", below, " more")
                  : below == 0 ? absl::StrCat("and ", first, " above")
                               : absl::StrCat("and ", below, " more, ", first, " above"));
}

void AppendBlock(const TopBlock& block, std::size_t most, bool airy, Lines& lines) {
  if (block.head.empty()) return;
  if (airy) lines.emplace_back();
  lines.push_back(block.head);
  AppendRows(block.rows, block.focus, most, lines);
}

bool TooSmall(std::size_t width, std::size_t height) { return width < kLeastTopWidth || height < kLeastTopHeight; }

}  // namespace

std::vector<std::string> TopFrame(const TopState& state, const TerminalStyle& style, std::size_t width,
                                  std::size_t height) {
  if (TooSmall(width, height)) {
    return {Clip(
        absl::StrCat("too small: ", kLeastTopWidth, "x", kLeastTopHeight, " is needed, this is ", width, "x", height),
        width, style)};
  }
  const FrameLayout layout = LayOut(state, style, width, height);
  Lines lines = layout.fleet;
  if (state.help) {
    lines.emplace_back();
    lines.insert(lines.end(), HelpLines().begin(), HelpLines().end());
  } else {
    AppendBlock(layout.runs, layout.run_rows, layout.airy, lines);
    AppendBlock(layout.steps, layout.step_rows, layout.airy, lines);
    AppendBlock(layout.edges, layout.edge_rows, layout.airy, lines);
  }
  if (state.keys) {
    lines.resize(height - 1);
    lines.emplace_back(kKeys);
  }
  for (std::string& line : lines) line = Clip(line, width, style);
  return lines;
}

std::size_t MostScrolled(const TopState& state, const TerminalStyle& style, std::size_t width, std::size_t height) {
  if (TooSmall(width, height)) return 0;
  const FrameLayout layout = LayOut(state, style, width, height);
  return MostHidden(layout.edges.rows.size(), layout.edge_rows);
}

std::string TopGist(const TopState& state) {
  std::string gist;
  for (const TopNode& node : state.nodes) {
    if (!node.connected) absl::StrAppend(&gist, "gone ", node.name, "\n");
  }
  for (const TopRun& run : state.runs) {
    const RunProgress progress = ProgressOf(run.run, run.elapsed);
    absl::StrAppend(&gist, "run ", run.run.id(), " ", run.run.state(), " ", progress.stage, "\n");
    for (const StepProgress& step : progress.steps) {
      absl::StrAppend(&gist, "step ", step.name, " ", static_cast<int>(step.state), "\n");
    }
  }
  // Which of them is worse is measured.
  std::set<std::string> edges;
  for (const HarmedEdge& edge : HarmedEdgesOf(state.matrix)) {
    edges.insert(absl::StrCat(edge.from, " ", edge.to, " ", edge.families.front(), " ", edge.all_families, " ",
                              static_cast<int>(edge.harm), " ", edge.wrong));
  }
  return absl::StrCat(gist, absl::StrJoin(edges, "\n"));
}

}  // namespace faultline
