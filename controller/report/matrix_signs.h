#pragma once

#include <array>
#include <string>

#include "absl/strings/string_view.h"
#include "controller/report/matrix_cells.h"

namespace faultline {

// How a cell of a matrix is shown, on terminals and pages alike.
struct MatrixSign {
  CellReach reach;
  absl::string_view text;
  // For legends; empty: needs no words.
  absl::string_view meaning;
};

// In the order in which legends have them.
inline constexpr std::array<MatrixSign, 9> kMatrixSigns = {
    {{CellReach::kOpen, "·", "arrives"},
     {CellReach::kUnseen, "○", "arrives; its faults are on other packets"},
     {CellReach::kCut, "█", "cut"},
     {CellReach::kLossy, "~", "some lost"},
     {CellReach::kOnlyIpv4, "4", "only IPv4 arrives"},
     {CellReach::kOnlyIpv6, "6", "only IPv6 arrives"},
     {CellReach::kImpaired, "≈", "impaired"},
     {CellReach::kUnknown, "?", "not known"},
     {CellReach::kNone, "-", ""}}};

// REQUIRES: not kMixed, which has no sign.
const MatrixSign& SignOf(CellReach reach);

// One side of a cell: its sign; of an impairment what it amounts to: "80ms", "1%", "80ms 1%", "6:80ms", "?ms"; of edges
// that differ how many of them are open: "3/9".
std::string CellSign(CellReach reach, const CellFigures& figures, const CellShare& share);

}  // namespace faultline
