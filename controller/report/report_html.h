#pragma once

#include <string>

#include "controller/report/run_events.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// A run as one HTML page that needs nothing else: no script, no font, no picture from outside. First the verdict in a
// sentence, then its timeline, each stage's matrices, loss and delay in their course, what clients saw, what was
// captured, guards, expectations, nodes, what it takes to repeat it, every event, as EventsOf has them with `log`.
// Works for a run in any state; nothing that others wrote becomes markup.
std::string RenderHtml(const v1::Run& run, const LoggedEvents& log);

}  // namespace faultline
