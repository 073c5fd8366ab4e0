#pragma once

#include "controller/report/markup_writer.h"
#include "controller/report/run_events.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Parts of a run's page that are tables and lists, each with its heading; nothing when the run has nothing of the kind.
// Figures are also in data- attributes, in whole nanoseconds and counts.

// Its steps: what they do, when, how late they began and ended, what their rules matched.
void WriteSteps(const v1::Run& run, MarkupWriter& out);
// Of a stage the connections that were tried, by port and plan.
void WriteConnections(const v1::StageVerdict& stage, MarkupWriter& out);
// What commands said, beside the moment at which they were run.
void WriteCaptures(const v1::Run& run, MarkupWriter& out);
void WriteGuards(const v1::Run& run, MarkupWriter& out);
void WriteExpectations(const v1::Run& run, MarkupWriter& out);
// Its nodes: how the run ended on each, clock errors, versions.
void WriteNodes(const v1::Run& run, MarkupWriter& out);
// Everything that happened, in its order.
void WriteEvents(const v1::Run& run, const LoggedEvents& log, MarkupWriter& out);
// What it takes to have the same run again: plan, seed, groups, names, versions.
void WriteReproduction(const v1::Run& run, MarkupWriter& out);

}  // namespace faultline
