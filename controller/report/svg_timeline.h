#pragma once

#include "controller/report/markup_writer.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// The course of a run as a picture: a bar for each step (pale: as planned; solid: as carried out), and below them the
// moments of what was captured (a diamond) and of guards (a tick; a cross where one failed), each with its words as a
// tooltip. Nothing when the run has no steps whose times are known.
void WriteTimeline(const v1::Run& run, MarkupWriter& out);

}  // namespace faultline
