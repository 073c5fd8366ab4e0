#pragma once

#include <string>

#include "controller/report/terminal_style.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Where a run stands, or how it ended, in a word or two: "waiting", "running", "verified", "NOT verified".
std::string StandingOf(const v1::Run& run, const TerminalStyle& style = {});

}  // namespace faultline
