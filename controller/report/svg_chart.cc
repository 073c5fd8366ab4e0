#include "controller/report/svg_chart.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "controller/report/figure_text.h"
#include "controller/report/run_words.h"
#include "controller/report/svg_axis.h"
#include "controller/report/svg_plot.h"

namespace faultline {
namespace {

constexpr double kWidth = 480;
constexpr double kLeft = 46;
constexpr double kPlot = 78;
constexpr double kLossTop = 8;
constexpr double kDelayTop = kLossTop + kPlot + 14;
constexpr double kBottom = kDelayTop + kPlot;

// As many points as all three lists have.
int PointsOf(const v1::LinkSeries& series) {
  return std::min({series.sent_size(), series.received_size(), series.mean_delay_us_size()});
}

PlotValues LossOf(const v1::LinkSeries& series) {
  PlotValues values;
  for (int i = 0; i < PointsOf(series); ++i) {
    const double sent = series.sent(i);
    values.push_back(sent == 0
                         ? std::nullopt
                         : std::optional(100 * (1 - std::min(1.0, static_cast<double>(series.received(i)) / sent))));
  }
  return values;
}

PlotValues DelayOf(const v1::LinkSeries& series) {
  PlotValues values;
  for (int i = 0; i < PointsOf(series); ++i) {
    const std::uint32_t delay = series.mean_delay_us(i);
    values.push_back(delay == 0 ? std::nullopt : std::optional(delay / 1000.0));
  }
  return values;
}

std::string WordsOf(const v1::LinkSeries& series) {
  const auto sum = [](const auto& list) { return std::accumulate(list.begin(), list.end(), std::uint64_t{0}); };
  return absl::StrCat(WordOf(series.family()), ", ", series.from(), " → ", series.to(), ": ",
                      GroupedCount(sum(series.received())), " of ", GroupedCount(sum(series.sent())),
                      " probes arrived");
}

void WriteCurve(const PlotValues& values, const v1::LinkSeries& series, const Plot& plot, MarkupWriter& out) {
  WriteStairs({.values = values,
               .start = Decoded(series.start()).value_or(Duration(0)),
               .step = Decoded(series.step()).value_or(Duration(0))},
              series.family() == v1::FAMILY_IPV6 ? "curve ipv6" : "curve ipv4", WordsOf(series), plot, out);
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
  const Plot loss = {.axis = axis, .scale = {.top = 100, .step = 50}, .top = kLossTop, .height = kPlot, .unit = "%"};
  const Plot delay = {.axis = axis, .scale = ScaleFor(std::max(most_delay, 1.0)), .top = kDelayTop, .height = kPlot};
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
