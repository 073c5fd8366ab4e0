#include "controller/report/svg_plot.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace faultline {
namespace {

std::string PathOf(const Stairs& stairs, const Plot& plot) {
  std::string path;
  bool drawing = false;
  for (std::size_t i = 0; i < stairs.values.size(); ++i) {
    const Duration from = stairs.start + static_cast<Duration::rep>(i) * stairs.step;
    if (stairs.values[i]) {
      const std::string y = Unit(plot.Y(*stairs.values[i]));
      absl::StrAppend(&path, drawing ? absl::StrCat("V", y) : absl::StrCat("M", Unit(plot.axis.X(from)), " ", y), "H",
                      Unit(plot.axis.X(from + stairs.step)));
    }
    drawing = stairs.values[i].has_value();
  }
  return path;
}

}  // namespace

double Plot::Y(double value) const { return top + height * (1 - std::min(1.0, value / scale.top)); }

double MostOf(const PlotValues& values) {
  double most = 0;
  for (const std::optional<double>& value : values) most = std::max(most, value.value_or(0));
  return most;
}

void WriteFrame(const Plot& plot, absl::string_view what, MarkupWriter& out) {
  for (double value = 0; value <= plot.scale.top * 1.001; value += plot.scale.step) {
    const std::string y = Unit(plot.Y(value));
    out.Empty("line", {{"class", value == 0 ? "grid zero" : "grid"},
                       {"x1", Unit(plot.axis.left)},
                       {"x2", Unit(plot.axis.right())},
                       {"y1", y},
                       {"y2", y}});
    out.Leaf(
        "text",
        {{"class", "tick"}, {"x", Unit(plot.axis.left - 5)}, {"y", Unit(plot.Y(value) + 3)}, {"text-anchor", "end"}},
        absl::StrFormat("%g%s", value, std::string(plot.unit)));
  }
  out.Leaf("text", {{"class", "what"}, {"x", Unit(plot.axis.left + 4)}, {"y", Unit(plot.top + 10)}}, what);
}

void WriteStairs(const Stairs& stairs, absl::string_view css, const std::string& words, const Plot& plot,
                 MarkupWriter& out) {
  const std::string path = PathOf(stairs, plot);
  if (path.empty()) return;
  out.Open("path", {{"class", std::string(css)}, {"d", path}});
  out.Leaf("title", words);
  out.Close();
}

}  // namespace faultline
