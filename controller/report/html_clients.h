#pragma once

#include "controller/report/markup_writer.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Of a run's page what clients saw: a curve of each side, each stage in figures, the time to the first success after
// the last fault, the accounting, and what happened. Nothing when no command told.
void WriteClients(const v1::Run& run, MarkupWriter& out);

}  // namespace faultline
