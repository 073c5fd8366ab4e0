#include "controller/report/svg_timeline.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/report/run_words.h"
#include "controller/report/svg_axis.h"

namespace faultline {
namespace {

constexpr double kTimelineWidth = 1000;
constexpr double kLabels = 150;
constexpr double kRow = 26;
constexpr double kTimelineTop = 6;
constexpr std::size_t kLongestLabel = 22;

std::string Shortened(const std::string& name) {
  if (name.size() <= kLongestLabel) return name;
  return absl::StrCat(name.substr(0, kLongestLabel - 1), "…");
}

void WriteLabel(const std::string& name, double y, MarkupWriter& out) {
  out.Leaf("text", {{"class", "label"}, {"x", Unit(kLabels - 8)}, {"y", Unit(y)}, {"text-anchor", "end"}},
           Shortened(name));
}

void WriteBar(absl::string_view css, double x, double right, double y, double height, MarkupWriter& out) {
  // Even the shortest can be seen.
  out.Empty("rect", {{"class", std::string(css)},
                     {"x", Unit(x)},
                     {"y", Unit(y)},
                     {"width", Unit(std::max(right - x, 2.0))},
                     {"height", Unit(height)},
                     {"rx", "2"}});
}

void WriteStep(const StepWindow& step, const TimeAxis& axis, double y, MarkupWriter& out) {
  out.Open("g", {{"data-step", step.name},
                 {"data-start-s", ExactText(step.start, std::chrono::seconds(1))},
                 {"data-end-s", ExactText(step.end, std::chrono::seconds(1))}});
  std::string words = absl::StrCat(step.name, ": ", step.effect, step.effect.empty() ? "" : ", ",
                                   LengthText(step.start), " to ", LengthText(step.end));
  if (step.fired && step.healed) {
    absl::StrAppend(&words, "; acted from ", RoundedText(step.fired), " to ", RoundedText(step.healed));
  }
  out.Leaf("title", words);
  WriteLabel(step.name, y + 17, out);
  WriteBar("planned", axis.X(step.start), axis.X(step.end), y + 3, kRow - 6, out);
  if (step.fired && step.healed) WriteBar("acted", axis.X(*step.fired), axis.X(*step.healed), y + 8, kRow - 16, out);
  out.Close();
}

void WriteMark(absl::string_view css, absl::string_view sign, Duration at, const std::string& words, double y,
               const TimeAxis& axis, MarkupWriter& out) {
  out.Open("text", {{"class", std::string(css)}, {"x", Unit(axis.X(at))}, {"y", Unit(y)}, {"text-anchor", "middle"}});
  out.Text(sign);
  out.Leaf("title", words);
  out.Close();
}

void WriteMarks(const v1::Run& run, const TimeAxis& axis, double y, MarkupWriter& out) {
  for (const v1::GuardCheck& check : run.guard_checks()) {
    const std::optional<Duration> at = Decoded(check.at());
    if (!check.has_at() || !at) continue;
    const std::string words = absl::StrCat("guard ", check.name(), check.passed() ? " passed" : " FAILED", ", ",
                                           RoundedText(*at), ": ", check.detail());
    WriteMark(check.passed() ? "good" : "bad", check.passed() ? "✓" : "✗", *at, words, y, axis, out);
  }
  for (const v1::Capture& capture : run.captures()) {
    const std::optional<Duration> at = Decoded(capture.at());
    if (!capture.has_at() || !at) continue;
    const std::string words = absl::StrCat("captured ", capture.name(), " ", capture.moment(), ", ", RoundedText(*at));
    WriteMark("capture", "◆", *at, words, y, axis, out);
  }
}

}  // namespace

void WriteTimeline(const v1::Run& run, MarkupWriter& out) {
  const std::vector<StepWindow> steps = StepWindowsOf(run);
  if (steps.empty()) return;
  const bool marks = !run.captures().empty() || !run.guard_checks().empty();
  const double bottom = kTimelineTop + kRow * static_cast<double>(steps.size() + (marks ? 1 : 0));
  const TimeAxis axis = {.extent = ExtentOf(run), .left = kLabels, .width = kTimelineWidth - kLabels - 20};
  out.Open("svg", {{"class", "timeline"},
                   {"viewBox", absl::StrCat("0 0 ", Unit(kTimelineWidth), " ", Unit(bottom + 18))},
                   {"role", "img"},
                   {"aria-label", "When each step acts"}});
  WriteTimeGrid(axis, kTimelineTop, bottom, out);
  double y = kTimelineTop;
  for (const StepWindow& step : steps) {
    WriteStep(step, axis, y, out);
    y += kRow;
  }
  if (marks) {
    WriteLabel("guards, captures", y + 17, out);
    WriteMarks(run, axis, y + 17, out);
  }
  out.Close();
}

}  // namespace faultline
