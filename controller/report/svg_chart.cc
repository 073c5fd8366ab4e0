#include "controller/report/svg_chart.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/report/figure_text.h"
#include "controller/report/run_words.h"
#include "controller/report/svg_axis.h"

namespace faultline {
namespace {

constexpr double kWidth = 480;
constexpr double kLeft = 46;
constexpr double kPlot = 78;
constexpr double kLossTop = 8;
constexpr double kDelayTop = kLossTop + kPlot + 14;
constexpr double kBottom = kDelayTop + kPlot;

using Values = std::vector<std::optional<double>>;

// One plot within a picture.
struct Plot {
  const TimeAxis& axis;
  Scale scale;
  double top = 0;
  absl::string_view unit;

  double Y(double value) const { return top + kPlot * (1 - std::min(1.0, value / scale.top)); }
};

// As many points as all three lists have.
int PointsOf(const v1::LinkSeries& series) {
  return std::min({series.sent_size(), series.received_size(), series.mean_delay_us_size()});
}

Values LossOf(const v1::LinkSeries& series) {
  Values values;
  for (int i = 0; i < PointsOf(series); ++i) {
    const double sent = series.sent(i);
    values.push_back(sent == 0
                         ? std::nullopt
                         : std::optional(100 * (1 - std::min(1.0, static_cast<double>(series.received(i)) / sent))));
  }
  return values;
}

Values DelayOf(const v1::LinkSeries& series) {
  Values values;
  for (int i = 0; i < PointsOf(series); ++i) {
    const std::uint32_t delay = series.mean_delay_us(i);
    values.push_back(delay == 0 ? std::nullopt : std::optional(delay / 1000.0));
  }
  return values;
}

double MostOf(const Values& values) {
  double most = 0;
  for (const std::optional<double>& value : values) most = std::max(most, value.value_or(0));
  return most;
}

// A flight of stairs: each value as wide as its time.
std::string PathOf(const Values& values, const v1::LinkSeries& series, const Plot& plot) {
  const Duration start = Decoded(series.start()).value_or(Duration(0));
  const Duration step = Decoded(series.step()).value_or(Duration(0));
  std::string path;
  bool drawing = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Duration from = start + static_cast<Duration::rep>(i) * step;
    if (values[i]) {
      const std::string y = Unit(plot.Y(*values[i]));
      absl::StrAppend(&path, drawing ? absl::StrCat("V", y) : absl::StrCat("M", Unit(plot.axis.X(from)), " ", y), "H",
                      Unit(plot.axis.X(from + step)));
    }
    drawing = values[i].has_value();
  }
  return path;
}

void WriteFrame(const Plot& plot, absl::string_view what, MarkupWriter& out) {
  for (double value = 0; value <= plot.scale.top * 1.001; value += plot.scale.step) {
    const std::string y = Unit(plot.Y(value));
    out.Empty("line", {{"class", value == 0 ? "grid zero" : "grid"},
                       {"x1", Unit(plot.axis.left)},
                       {"x2", Unit(plot.axis.right())},
                       {"y1", y},
                       {"y2", y}});
    out.Leaf("text",
             {{"class", "tick"}, {"x", Unit(kLeft - 5)}, {"y", Unit(plot.Y(value) + 3)}, {"text-anchor", "end"}},
             absl::StrFormat("%g%s", value, std::string(plot.unit)));
  }
  out.Leaf("text", {{"class", "what"}, {"x", Unit(kLeft + 4)}, {"y", Unit(plot.top + 10)}}, what);
}

std::string WordsOf(const v1::LinkSeries& series) {
  const auto sum = [](const auto& list) { return std::accumulate(list.begin(), list.end(), std::uint64_t{0}); };
  return absl::StrCat(WordOf(series.family()), ", ", series.from(), " → ", series.to(), ": ",
                      GroupedCount(sum(series.received())), " of ", GroupedCount(sum(series.sent())),
                      " probes arrived");
}

void WriteCurve(const Values& values, const v1::LinkSeries& series, const Plot& plot, MarkupWriter& out) {
  const std::string path = PathOf(values, series, plot);
  if (path.empty()) return;
  out.Open("path", {{"class", series.family() == v1::FAMILY_IPV6 ? "curve ipv6" : "curve ipv4"}, {"d", path}});
  out.Leaf("title", WordsOf(series));
  out.Close();
}

// The figures that are drawn, for whoever compares the page with the record.
void WriteData(const v1::LinkSeries& series, MarkupWriter& out) {
  const auto sum = [](const auto& list) { return std::accumulate(list.begin(), list.end(), std::uint64_t{0}); };
  out.Empty("g",
            {{"data-from", series.from()},
             {"data-to", series.to()},
             {"data-family", std::string(WordOf(series.family()))},
             {"data-points", absl::StrCat(PointsOf(series))},
             {"data-sent", absl::StrCat(sum(series.sent()))},
             {"data-received", absl::StrCat(sum(series.received()))},
             {"data-most-delay-us",
              absl::StrCat(series.mean_delay_us().empty() ? 0 : *std::ranges::max_element(series.mean_delay_us()))}});
}

}  // namespace

std::vector<LinkCurves> CurvesOf(const v1::Run& run) {
  std::vector<LinkCurves> all;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (const v1::LinkSeries& series : run.series()) {
    const auto [place, fresh] = places.try_emplace({series.from(), series.to()}, all.size());
    if (fresh) all.emplace_back();
    (series.family() == v1::FAMILY_IPV6 ? all[place->second].ipv6 : all[place->second].ipv4) = &series;
  }
  return all;
}

void WriteChart(const LinkCurves& curves, const std::vector<StepWindow>& windows, const RunExtent& extent,
                MarkupWriter& out) {
  const TimeAxis axis = {.extent = extent, .left = kLeft, .width = kWidth - kLeft - 12};
  double most_delay = 0;
  for (const v1::LinkSeries* series : {curves.ipv4, curves.ipv6}) {
    if (series != nullptr) most_delay = std::max(most_delay, MostOf(DelayOf(*series)));
  }
  const Plot loss = {.axis = axis, .scale = {.top = 100, .step = 50}, .top = kLossTop, .unit = "%"};
  const Plot delay = {.axis = axis, .scale = ScaleFor(std::max(most_delay, 1.0)), .top = kDelayTop, .unit = ""};
  out.Open("svg",
           {{"class", "chart"},
            {"viewBox", absl::StrCat("0 0 ", Unit(kWidth), " ", Unit(kBottom + 18))},
            {"role", "img"},
            {"aria-label", absl::StrCat("Loss and delay from ", curves.any().from(), " to ", curves.any().to())}});
  for (const Plot* plot : {&loss, &delay}) WriteWindows(windows, axis, plot->top, plot->top + kPlot, out);
  WriteTimeGrid(axis, kLossTop, kBottom, out);
  WriteFrame(loss, "lost", out);
  WriteFrame(delay, "one-way delay, ms", out);
  for (const v1::LinkSeries* series : {curves.ipv4, curves.ipv6}) {
    if (series == nullptr) continue;
    WriteCurve(LossOf(*series), *series, loss, out);
    WriteCurve(DelayOf(*series), *series, delay, out);
    WriteData(*series, out);
  }
  out.Close();
}

}  // namespace faultline
