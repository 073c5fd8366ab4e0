#pragma once

#include <string>

#include "common/timeline.h"
#include "controller/report/terminal_style.h"

namespace faultline {

// A timeline as text, at most 80 columns: a scale, then a bar a step with when it begins and ends. In a bar every
// column is a stretch of the run: idle, acting, between two phases of a flap, or coming and going within the column; a
// ramp grows by its height, or by digits in ASCII. Ends with a legend of the signs that occur and a newline.
std::string RenderTimelineBars(const Timeline& timeline, const TerminalStyle& style);

}  // namespace faultline
