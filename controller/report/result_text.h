#pragma once

#include <string>

#include "controller/report/terminal_style.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// What became of a stage by being waited for, or is remembered of it: "; held 4s200ms, judged from 9s on" or a part of
// it; empty: nothing.
std::string WaitText(const v1::StageVerdict& stage);

// How a stage whose edges were all observed as planned ended, and how far that goes: "as planned", "as planned; not
// every delay was judged", "as planned: 123 packets met what no probe sees", "NOT as planned: no packet met its
// faults"; then its WaitText.
std::string ResultText(const v1::StageVerdict& stage, const TerminalStyle& style);

}  // namespace faultline
