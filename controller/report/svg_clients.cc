#include "controller/report/svg_clients.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/report/figure_text.h"
#include "controller/report/run_words.h"
#include "controller/report/svg_axis.h"
#include "controller/report/svg_plot.h"

namespace faultline {
namespace {

constexpr double kClientsWidth = 1000;
constexpr double kClientsLeft = 60;
constexpr double kClientsTop = 20;
constexpr double kClientsPlot = 130;

Duration StartOf(const v1::Clients& clients) { return Decoded(clients.start()).value_or(Duration(0)); }
Duration StepOf(const v1::Clients& clients) { return Decoded(clients.step()).value_or(Duration(0)); }

// Nothing for a point at either end that operations are not told of for nearly all its time: it would look as if they
// had become fewer.
PlotValues PerSecond(const google::protobuf::RepeatedField<std::uint64_t>& points, const v1::Clients& clients) {
  PlotValues values;
  const Duration step = StepOf(clients);
  const double seconds = std::chrono::duration<double>(step).count();
  const Duration from = Decoded(clients.from()).value_or(StartOf(clients));
  const Duration until = Decoded(clients.until()).value_or(StartOf(clients) + points.size() * step);
  for (int i = 0; i < points.size(); ++i) {
    const Duration start = StartOf(clients) + i * step;
    const bool whole = std::min(start + step, until) - std::max(start, from) >= step - step / 10;
    values.push_back(seconds > 0 && whole ? std::optional(static_cast<double>(points[i]) / seconds) : std::nullopt);
  }
  return values;
}

void WriteHappenings(const v1::Clients& clients, const v1::ClientSide& side, const TimeAxis& axis, MarkupWriter& out) {
  for (const v1::Happening& happening : clients.happenings()) {
    const std::optional<Duration> at = Decoded(happening.at());
    if (!at || (!happening.side().empty() && happening.side() != side.side())) continue;
    const std::string x = Unit(axis.X(*at));
    out.Empty("line", {{"class", "happening"},
                       {"x1", x},
                       {"x2", x},
                       {"y1", Unit(kClientsTop)},
                       {"y2", Unit(kClientsTop + kClientsPlot)}});
    out.Open("text", {{"class", "capture"}, {"x", x}, {"y", Unit(kClientsTop - 5)}, {"text-anchor", "middle"}});
    out.Text("▼");
    out.Leaf("title", absl::StrCat(happening.text(), ", ", RoundedText(at)));
    out.Close();
  }
}

}  // namespace

double MostPerSecond(const v1::Clients& clients) {
  double most = 0;
  for (const v1::ClientSide& side : clients.sides()) {
    most = std::max({most, MostOf(PerSecond(side.acknowledged_points(), clients)),
                     MostOf(PerSecond(side.failed_points(), clients))});
  }
  return most;
}

void WriteClientChart(const v1::Clients& clients, const v1::ClientSide& side, double most,
                      const std::vector<StepWindow>& windows, const RunExtent& extent, MarkupWriter& out) {
  const TimeAxis axis = {.extent = extent, .left = kClientsLeft, .width = kClientsWidth - kClientsLeft - 20};
  const Plot plot = {.axis = axis, .scale = ScaleFor(std::max(most, 1.0)), .top = kClientsTop, .height = kClientsPlot};
  const Duration start = StartOf(clients);
  const Duration step = StepOf(clients);
  out.Open("svg", {{"class", "chart"},
                   {"viewBox", absl::StrCat("0 0 ", Unit(kClientsWidth), " ", Unit(kClientsTop + kClientsPlot + 18))},
                   {"role", "img"},
                   {"aria-label", absl::StrCat("Operations of clients of ", side.side(), " per second")},
                   {"data-client-side", side.side()},
                   {"data-client-points", absl::StrCat(side.acknowledged_points_size())},
                   {"data-acknowledged", absl::StrCat(side.acknowledged())},
                   {"data-failed", absl::StrCat(side.failed())}});
  WriteWindows(windows, axis, kClientsTop, kClientsTop + kClientsPlot, out);
  WriteTimeGrid(axis, kClientsTop, kClientsTop + kClientsPlot, out);
  WriteFrame(plot, "operations per second", out);
  const PlotValues failed = PerSecond(side.failed_points(), clients);
  const PlotValues acknowledged = PerSecond(side.acknowledged_points(), clients);
  WriteStairs({.values = failed, .start = start, .step = step}, "curve failed",
              absl::StrCat("failed: ", GroupedCount(side.failed())), plot, out);
  WriteStairs({.values = acknowledged, .start = start, .step = step}, "curve acknowledged",
              absl::StrCat("acknowledged: ", GroupedCount(side.acknowledged())), plot, out);
  WriteHappenings(clients, side, axis, out);
  out.Close();
}

}  // namespace faultline
