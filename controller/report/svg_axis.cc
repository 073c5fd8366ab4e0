#include "controller/report/svg_axis.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/report/run_words.h"

namespace faultline {
namespace {

constexpr int kMostTicks = 10;

// Whole times people count in, in seconds.
Duration TickFor(Duration length) {
  constexpr std::array<int, 17> kTicks = {1,   2,   5,    10,   15,   30,    60,    120,  300,
                                          600, 900, 1800, 3600, 7200, 14400, 21600, 86400};
  for (const int tick : kTicks) {
    if (length <= kMostTicks * std::chrono::seconds(tick)) return std::chrono::seconds(tick);
  }
  const auto days = length / (kMostTicks * std::chrono::hours(24)) + 1;
  return days * std::chrono::hours(24);
}

}  // namespace

double TimeAxis::X(Duration moment) const {
  const double share =
      static_cast<double>((moment - extent.start).count()) / static_cast<double>((extent.end - extent.start).count());
  return left + width * std::clamp(share, 0.0, 1.0);
}

std::string Unit(double value) { return absl::StrFormat("%.1f", value); }

Scale ScaleFor(double most) {
  const double power = std::pow(10, std::floor(std::log10(std::max(most, 1e-6) / 4)));
  for (const double factor : {1.0, 2.0, 2.5, 5.0, 10.0}) {
    const double step = factor * power;
    if (step * 5 >= most) return {.top = step * std::max(1.0, std::ceil(most / step - 1e-9)), .step = step};
  }
  return {.top = most, .step = most};
}

void WriteTimeGrid(const TimeAxis& axis, double top, double bottom, MarkupWriter& out) {
  const Duration tick = TickFor(axis.extent.end - axis.extent.start);
  Duration at = axis.extent.start / tick * tick;
  if (at < axis.extent.start) at += tick;
  for (; at <= axis.extent.end; at += tick) {
    const std::string x = Unit(axis.X(at));
    out.Empty("line", {{"class", at == Duration(0) ? "grid zero" : "grid"},
                       {"x1", x},
                       {"x2", x},
                       {"y1", Unit(top)},
                       {"y2", Unit(bottom)}});
    out.Leaf("text", {{"class", "tick"}, {"x", x}, {"y", Unit(bottom + 13)}, {"text-anchor", "middle"}},
             at == Duration(0) ? "T0" : LengthText(at));
  }
}

void WriteWindows(const std::vector<StepWindow>& windows, const TimeAxis& axis, double top, double bottom,
                  MarkupWriter& out) {
  for (const StepWindow& window : windows) {
    const double x = axis.X(window.start);
    out.Open("rect", {{"class", "window"},
                      {"x", Unit(x)},
                      {"y", Unit(top)},
                      {"width", Unit(axis.X(window.end) - x)},
                      {"height", Unit(bottom - top)},
                      {"data-step", window.name}});
    out.Leaf("title", absl::StrCat(window.name, ": ", LengthText(window.start), " to ", LengthText(window.end)));
    out.Close();
  }
}

}  // namespace faultline
