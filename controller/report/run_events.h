#pragma once

#include <string>
#include <vector>

#include "controller/report/event_line.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Of the controller's log, what LogFilter takes for a run.
using LoggedEvents = google::protobuf::RepeatedPtrField<v1::Event>;

// Everything that happened in a run, each once, in the order of time: what its record has a moment of, and `log`. What
// has no known moment stands where it must have been. Works for a run in any state. Pure.
std::vector<EventLine> EventsOf(const v1::Run& run, const LoggedEvents& log);

// The same as JSON, one object a line.
std::string RenderEvents(const v1::Run& run, const LoggedEvents& log);

}  // namespace faultline
