#pragma once

#include <string>

#include "controller/report/terminal_style.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// How a stage whose edges were all observed as planned ended, and how far that goes: "as planned", "as planned; not
// every delay was judged", "as planned: 123 packets met what no probe sees", "NOT as planned: no packet met its
// faults".
std::string ResultText(const v1::StageVerdict& stage, const TerminalStyle& style);

}  // namespace faultline
