#pragma once

#include "controller/report/markup_writer.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Fleets of more nodes are shown by groups that behave alike.
inline constexpr std::size_t kMostNodesShown = 24;

// The planned and the observed matrix of a stage as tables side by side, with a legend of the signs that occur. Rows
// send, columns receive. A cell has its edges' probes as a tooltip and, unless grouped, as data-ipv4 and data-ipv6
// ("12/12": arrived of sent). Nothing when no two nodes probe each other.
void WriteMatrices(const v1::StageVerdict& stage, MarkupWriter& out);

}  // namespace faultline
