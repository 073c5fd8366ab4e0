#pragma once

#include <map>
#include <string>

#include "controller/report/terminal_style.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Which nodes share a row and a column.
enum class MatrixRows {
  // In a fleet of more than 16 nodes those that behave alike.
  kAlike,
  // None.
  kNodes,
  // None while that fits the width, else as kAlike.
  kNodesThatFit,
};

// A stage as text: a line of heading, the planned and the observed matrix side by side (one below the other when they
// are too wide), a legend of the signs that occur. Rows send, columns receive; one cell an edge, both IP versions
// together. Of a fleet of more than 16 nodes in which not all edges are probed the heading alone, unless each node is
// to have its row. Ends with a newline.
std::string RenderMatrix(const v1::StageVerdict& stage, const TerminalStyle& style,
                         MatrixRows rows = MatrixRows::kAlike);

// The same where nodes of one group (by name) share a row and a column; see GroupByName.
std::string RenderGroupedMatrix(const v1::StageVerdict& stage, const std::map<std::string, std::string>& group_of,
                                const TerminalStyle& style);

// Only the planned matrix, for previews.
std::string RenderPlannedMatrix(const v1::StageVerdict& stage, const TerminalStyle& style);

}  // namespace faultline
