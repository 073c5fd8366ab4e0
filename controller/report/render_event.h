#pragma once

#include <string>

#include "controller/report/terminal_style.h"
#include "faultline/v1/event.pb.h"

namespace faultline {

// An event as one line: "2026-12-01 02:00:05.000  step fired  par-1  split-brain-3  one-way, 0.21 ms late". Times are
// UTC. Ends with a newline.
std::string RenderEvent(const v1::Event& event, const TerminalStyle& style);

}  // namespace faultline
