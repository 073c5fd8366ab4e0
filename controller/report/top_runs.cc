#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/duration.h"
#include "controller/report/columns.h"
#include "controller/report/figure_text.h"
#include "controller/report/run_progress.h"
#include "controller/report/text_table.h"
#include "controller/report/top_blocks.h"

namespace faultline {
namespace {

using Row = std::vector<std::string>;

constexpr std::size_t kWidestName = 30;

std::string WholeSeconds(Duration duration) {
  return FormatDuration(std::chrono::ceil<std::chrono::seconds>(duration));
}

std::string WholeSeconds(const std::optional<Duration>& duration) { return duration ? WholeSeconds(*duration) : "-"; }

std::string ClockText(const TopState& state, const TerminalStyle& style) {
  std::optional<Duration> worst;
  for (const TopNode& node : state.nodes) {
    if (node.connected && node.clock_error) worst = std::max(worst.value_or(Duration(0)), *node.clock_error);
  }
  if (!worst) return "clocks not known yet";
  const double ms = std::chrono::duration<double, std::milli>(*worst).count();
  return absl::StrCat("clocks known to ", Spell("±", style), absl::StrFormat("%.2f ms", ms));
}

// "! gone: lon-3, par-1 and 2 more", as many names as there is room for.
std::string GoneLine(const std::vector<std::string>& gone, const TerminalStyle& style, std::size_t width) {
  std::string line;
  for (std::size_t named = gone.size(); named > 0; --named) {
    line =
        absl::StrCat("! gone: ", absl::StrJoin(gone.begin(), gone.begin() + static_cast<std::ptrdiff_t>(named), ", "));
    if (named < gone.size()) absl::StrAppend(&line, " and ", gone.size() - named, " more");
    if (WidthOf(line) <= width) break;
  }
  return Paint(Clip(line, width, style), Ink::kBad, style);
}

std::string StandingOf(const TopRun& run, const RunProgress& progress) {
  switch (run.run.state()) {
    case v1::RUN_STATE_WAITING:
      return "waiting";
    case v1::RUN_STATE_ARMING:
      return "arming";
    default:
      break;
  }
  if (progress.until_start) return absl::StrCat("begins in ", WholeSeconds(*progress.until_start));
  if (progress.held) return "held";
  return run.elapsed && !progress.run_left ? "ending" : "running";
}

std::string StateText(const StepProgress& step) {
  switch (step.state) {
    case StepProgress::State::kToCome:
      return step.left ? absl::StrCat("in ", WholeSeconds(*step.left)) : "to come";
    case StepProgress::State::kActing:
      return step.left ? absl::StrCat("acting, ", WholeSeconds(*step.left), " left") : "acting";
    case StepProgress::State::kOver:
      return "over";
  }
  return "";
}

std::string NodesText(const StepProgress& step, int nodes) {
  if (step.state != StepProgress::State::kActing || step.fired == 0) return "-";
  return absl::StrCat(step.fired - step.healed, "/", nodes);
}

// The first step that acts, or else is to come, or else is over.
std::size_t CurrentOf(const std::vector<StepProgress>& steps) {
  for (const auto state : {StepProgress::State::kActing, StepProgress::State::kToCome}) {
    const auto found = std::ranges::find(steps, state, &StepProgress::state);
    if (found != steps.end()) return static_cast<std::size_t>(found - steps.begin());
  }
  return 0;
}

bool Impairs(const StepProgress& step) {
  return step.counters && step.counters->passed() + step.counters->lost() + step.counters->overflowed() > 0;
}

}  // namespace

std::string ShownName(const std::string& name, const TerminalStyle& style) { return Spell(Tame(name), style); }

TopBlock TableBlock(const std::vector<std::vector<std::string>>& rows) {
  const std::string text = FormatTable(rows, 0);
  TopBlock block;
  block.rows = absl::StrSplit(text, '\n');
  // What follows the last newline is no row.
  block.rows.pop_back();
  block.head = block.rows.front();
  block.rows.erase(block.rows.begin());
  return block;
}

const TopRun* ChosenRun(const TopState& state) {
  const auto chosen =
      std::ranges::find_if(state.runs, [&](const TopRun& run) { return run.run.id() == state.chosen_run; });
  if (chosen != state.runs.end()) return &*chosen;
  return state.runs.empty() ? nullptr : &state.runs.front();
}

std::vector<std::string> FleetLines(const TopState& state, const TerminalStyle& style, std::size_t width) {
  std::vector<std::string> gone;
  for (const TopNode& node : state.nodes) {
    if (!node.connected) gone.push_back(ShownName(node.name, style));
  }
  const std::string time = absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromChrono(state.now), absl::UTCTimeZone());
  std::vector<std::string> lines = {absl::StrCat("faultline top  ", time, "  ", ShownName(state.controller, style)),
                                    absl::StrCat(state.nodes.size() - gone.size(), " of ", state.nodes.size(),
                                                 " nodes connected, ", ClockText(state, style), ", ", state.runs.size(),
                                                 state.runs.size() == 1 ? " run" : " runs", " in progress")};
  if (!gone.empty()) lines.push_back(GoneLine(gone, style, width));
  return lines;
}

TopBlock RunsBlock(const TopState& state, const TerminalStyle& style) {
  if (state.runs.empty()) return {.head = "no run is in progress"};
  std::vector<Row> rows = {{"  RUN", "STANDING", "STAGE LEFT", "RUN LEFT", "STAGE"}};
  const TopRun* const chosen = ChosenRun(state);
  for (const TopRun& run : state.runs) {
    const RunProgress progress = ProgressOf(run.run, run.elapsed);
    std::string stage = "-";
    if (progress.number > 0) {
      stage = absl::StrCat(progress.number, " of ", run.run.schedule_size(), ": ", ShownName(progress.stage, style));
    }
    const std::string name = Clip(ShownName(run.run.id(), style), kWidestName, style);
    rows.push_back({absl::StrCat(&run == chosen ? "> " : "  ", name), StandingOf(run, progress),
                    WholeSeconds(progress.stage_left), WholeSeconds(progress.run_left), stage});
  }
  TopBlock block = TableBlock(rows);
  block.focus = static_cast<std::size_t>(chosen - state.runs.data());
  return block;
}

TopBlock StepsBlock(const TopState& state, const TerminalStyle& style) {
  const TopRun* const run = ChosenRun(state);
  if (run == nullptr) return {};
  const RunProgress progress = ProgressOf(run->run, run->elapsed);
  const bool lanes = std::ranges::any_of(progress.steps, Impairs);
  std::vector<Row> rows = {{"  STEP", "STATE", "NODES", "PACKETS"}};
  if (lanes) rows.back().insert(rows.back().end(), {"PASSED", "LOST", "OVERFLOWED"});
  rows.back().push_back("WHAT IT DOES");
  for (const StepProgress& step : progress.steps) {
    const auto count = [&](std::uint64_t figure) { return step.counters ? GroupedCount(figure) : "-"; };
    const v1::StepCounters counters = step.counters.value_or(v1::StepCounters());
    rows.push_back({absl::StrCat("  ", Clip(ShownName(step.name, style), kWidestName, style)), StateText(step),
                    NodesText(step, run->run.nodes_size()), count(counters.packets())});
    if (lanes) {
      rows.back().insert(rows.back().end(),
                         {count(counters.passed()), count(counters.lost()), count(counters.overflowed())});
    }
    rows.back().push_back(ShownName(step.effect, style));
  }
  TopBlock block = TableBlock(rows);
  block.focus = CurrentOf(progress.steps);
  return block;
}

}  // namespace faultline
