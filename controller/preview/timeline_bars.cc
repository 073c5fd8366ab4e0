#include "controller/preview/timeline_bars.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/duration.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kWidestName = 20;
constexpr std::size_t kNarrowestBar = 10;
constexpr int kRampSigns = 8;

// What a column of a bar shows.
enum class Look { kIdle, kUp, kMixed, kActing, kRamp };

struct Cell {
  Look look = Look::kIdle;
  // Of kRamp: 1 .. kRampSigns.
  int level = 0;
};

absl::string_view SignOf(const Cell& cell, const TerminalStyle& style) {
  constexpr std::array<absl::string_view, kRampSigns> kLevels = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::array<absl::string_view, kRampSigns> kDigits = {"1", "2", "3", "4", "5", "6", "7", "8"};
  switch (cell.look) {
    case Look::kIdle:
      return style.utf8 ? "·" : ".";
    case Look::kUp:
      return style.utf8 ? "░" : "-";
    case Look::kMixed:
      return style.utf8 ? "▒" : "+";
    case Look::kActing:
      return style.utf8 ? "█" : "#";
    case Look::kRamp:
      return (style.utf8 ? kLevels : kDigits)[static_cast<std::size_t>(cell.level - 1)];
  }
  return "?";
}

Duration Scaled(Duration length, std::size_t part, std::size_t of) {
  return Duration(static_cast<Duration::rep>(static_cast<long double>(length.count()) * part / of));
}

Cell FlapCell(const Step& step, std::uint64_t seed, Duration start, Duration end) {
  const double share = std::chrono::duration<double>(FlapDownTime(*step.flap, seed, start, end)) /
                       std::chrono::duration<double>(end - start);
  constexpr double kNearly = 0.1;
  if (share >= 1 - kNearly) return {.look = Look::kActing};
  return {.look = share <= kNearly ? Look::kUp : Look::kMixed};
}

Cell RampCell(const Step& step, Duration middle) {
  const std::size_t changes = RampChanges(*step.ramp);
  const double progress = static_cast<double>(RampPosition(*step.ramp, middle)) / static_cast<double>(changes);
  return {.look = Look::kRamp, .level = 1 + static_cast<int>(progress * (kRampSigns - 1))};
}

// What a step does in [from, to) of the run. It is seen there when it acts for half of that time, or when its middle is
// there: no step is too short to be seen.
Cell CellOf(const Step& step, const Timeline& timeline, Duration from, Duration to) {
  const Duration start = std::max(from, step.at);
  const Duration end = std::min(to, step.end());
  const Duration middle = step.at + step.length / 2;
  if (end <= start || (2 * (end - start) < to - from && (middle < from || middle >= to))) return {};
  if (step.flap) return FlapCell(step, StepSeed(timeline, step.index), start - step.at, end - step.at);
  if (step.ramp) return RampCell(step, start + (end - start) / 2 - step.at);
  return {.look = Look::kActing};
}

std::string Legend(const std::set<Look>& looks, const TerminalStyle& style) {
  std::vector<std::string> parts;
  const auto add = [&](Look look, const Cell& cell, absl::string_view meaning) {
    if (looks.contains(look)) parts.push_back(absl::StrCat(SignOf(cell, style), " ", meaning));
  };
  add(Look::kActing, {.look = Look::kActing}, "acts");
  add(Look::kUp, {.look = Look::kUp}, "between two phases of a flap");
  add(Look::kMixed, {.look = Look::kMixed}, "comes and goes");
  if (looks.contains(Look::kRamp)) {
    parts.push_back(
        absl::StrCat(SignOf({Look::kRamp, 1}, style), "..", SignOf({Look::kRamp, kRampSigns}, style), " a ramp"));
  }
  return absl::StrJoin(parts, "   ");
}

std::string TimesOf(const Step& step) {
  return absl::StrCat(FormatDuration(step.at), " to ", FormatDuration(step.end()));
}

std::string NameOf(const Step& step) {
  return step.name.size() <= kWidestName ? step.name : absl::StrCat(step.name.substr(0, kWidestName - 2), "..");
}

}  // namespace

std::string RenderTimelineBars(const Timeline& timeline, const TerminalStyle& style) {
  std::size_t names = 0;
  std::size_t times = 0;
  for (const Step& step : timeline.steps) {
    names = std::max(names, NameOf(step).size());
    times = std::max(times, TimesOf(step).size());
  }
  const std::size_t taken = 2 + names + 2 + 2 + times;
  const std::size_t bar = kColumns > taken + kNarrowestBar ? kColumns - taken : kNarrowestBar;
  const std::string last = FormatDuration(timeline.length);
  std::string text = absl::StrCat(std::string(2 + names + 2, ' '), "0s",
                                  std::string(bar > 2 + last.size() ? bar - 2 - last.size() : 1, ' '), last, "\n");
  std::set<Look> looks;
  for (const Step& step : timeline.steps) {
    absl::StrAppend(&text, "  ", Pad(NameOf(step), names), "  ");
    for (std::size_t column = 0; column < bar; ++column) {
      const Cell cell =
          CellOf(step, timeline, Scaled(timeline.length, column, bar), Scaled(timeline.length, column + 1, bar));
      looks.insert(cell.look);
      absl::StrAppend(&text, SignOf(cell, style));
    }
    absl::StrAppend(&text, "  ", TimesOf(step), "\n");
  }
  return absl::StrCat(text, "  ", Legend(looks, style), "\n");
}

}  // namespace faultline
