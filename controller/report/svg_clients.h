#pragma once

#include <vector>

#include "controller/report/markup_writer.h"
#include "controller/report/step_windows.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// The most operations a second, acknowledged or failed, at any point of any side.
double MostPerSecond(const v1::Clients& clients);

// A picture of a side: operations acknowledged (solid) and failed (dashed) per second, on a scale up to `most`; behind
// them the times in which steps act; above them a mark for each happening of that side, or of none.
void WriteClientChart(const v1::Clients& clients, const v1::ClientSide& side, double most,
                      const std::vector<StepWindow>& windows, const RunExtent& extent, MarkupWriter& out);

}  // namespace faultline
