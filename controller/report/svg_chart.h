#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/report/markup_writer.h"
#include "controller/report/step_windows.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Both IP versions of one direction, drawn into one picture. Either may be null, not both.
struct LinkCurves {
  const v1::LinkSeries* ipv4 = nullptr;
  const v1::LinkSeries* ipv6 = nullptr;

  const v1::LinkSeries& any() const { return ipv4 != nullptr ? *ipv4 : *ipv6; }
};

// The series of a run by direction, in their order.
std::vector<LinkCurves> CurvesOf(const v1::Run& run);

// A picture of a direction: above, the share of its probes that were lost; below, their mean one-way delay; behind
// both, the times in which steps act. Each point is as wide as the time it stands for; where no probe was sent, or none
// arrived to have a delay, there is none.
void WriteChart(const LinkCurves& curves, const std::vector<StepWindow>& windows, const RunExtent& extent,
                MarkupWriter& out);

}  // namespace faultline
