#pragma once

#include <string>

#include "controller/report/terminal_style.h"
#include "faultline/v1/control.pb.h"

namespace faultline {

// A block a node: what is not as it should be, or with `all` everything; then all nodes in one line: "6 nodes: 5 good,
// 1 with warnings (par-2)". Ends with a newline. Pure.
std::string RenderExaminations(const v1::ExamineNodesResponse& response, bool all, const TerminalStyle& style);

// Whether a node is bad or silent, or with `strict` has a warning.
bool IsAmiss(const v1::ExamineNodesResponse& response, bool strict);

}  // namespace faultline
