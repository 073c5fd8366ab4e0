#pragma once

#include <string>

#include "controller/report/terminal_style.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// A stage as text: a line of heading, the planned and the observed matrix side by side (one below the other when they
// are too wide), a legend of the signs that occur. Rows send, columns receive; one cell an edge, both IP versions
// together. In a fleet of more than 16 nodes those that behave alike share a row and a column. Ends with a newline.
std::string RenderMatrix(const v1::StageVerdict& stage, const TerminalStyle& style);

// Only the planned matrix, for previews.
std::string RenderPlannedMatrix(const v1::StageVerdict& stage, const TerminalStyle& style);

}  // namespace faultline
