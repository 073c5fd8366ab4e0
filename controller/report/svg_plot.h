#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "controller/report/markup_writer.h"
#include "controller/report/svg_axis.h"

namespace faultline {

// One plot within a picture: values from 0 up, over the time of a run. A view of its axis.
struct Plot {
  const TimeAxis& axis;
  Scale scale;
  double top = 0;
  double height = 0;
  // Behind each number of the scale.
  absl::string_view unit = "";

  double Y(double value) const;
};

// A value for each point; where there is none, there is nothing to draw.
using PlotValues = std::vector<std::optional<double>>;
double MostOf(const PlotValues& values);

// Points one after the other, each as wide as the time it stands for.
struct Stairs {
  const PlotValues& values;
  // Where the first begins, after T0.
  Duration start{0};
  Duration step{0};
};

// The scale's lines and numbers, and what the plot shows.
void WriteFrame(const Plot& plot, absl::string_view what, MarkupWriter& out);
// A curve of that class, with words to point at; nothing when no point has a value.
void WriteStairs(const Stairs& stairs, absl::string_view css, const std::string& words, const Plot& plot,
                 MarkupWriter& out);

}  // namespace faultline
