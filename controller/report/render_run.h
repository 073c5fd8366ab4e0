#pragma once

#include <string>

#include "controller/report/terminal_style.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// A run as text, for `faultline show`: what it is and how it ended; its steps with how late they fired and healed (the
// greatest of all nodes), how far apart the nodes fired, what their rules matched, and what impairments let through;
// its stages; in two lines what clients saw; the nodes' ends; warnings. Without matrices, except of stages that do not
// agree. Works for a run in any state. Ends with a newline.
std::string RenderRun(const v1::Run& run, const TerminalStyle& style);

}  // namespace faultline
