#pragma once

#include <string>
#include <vector>

#include "common/clock.h"
#include "controller/report/markup_writer.h"
#include "controller/report/step_windows.h"

namespace faultline {

// Where the moments of a run are in a picture. A value; lengths are in the picture's own units.
struct TimeAxis {
  RunExtent extent;
  double left = 0;
  double width = 0;

  double X(Duration moment) const;
  double right() const { return left + width; }
};

// A coordinate or length with one decimal.
std::string Unit(double value);

// A value of at least `most`, and what to divide it into: 1, 2, 2.5 or 5 times a power of ten.
struct Scale {
  double top = 1;
  double step = 1;
};
Scale ScaleFor(double most);

// Lines for whole times from `top` to `bottom`, with the time after T0 below them.
void WriteTimeGrid(const TimeAxis& axis, double top, double bottom, MarkupWriter& out);

// The times in which steps act, shaded from `top` to `bottom`, each with its name and times as a tooltip.
void WriteWindows(const std::vector<StepWindow>& windows, const TimeAxis& axis, double top, double bottom,
                  MarkupWriter& out);

}  // namespace faultline
