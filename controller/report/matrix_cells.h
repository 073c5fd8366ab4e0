#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Both IP versions of one direction between two nodes, as one sign.
enum class CellReach {
  // No edge: a node and itself, or two without a common IP version.
  kNone,
  kOpen,
  kCut,
  // Some probes of an IP version arrive and some do not.
  kLossy,
  // Of an IP version nothing is known.
  kUnknown,
  // The one arrives, the other is cut.
  kOnlyIpv4,
  kOnlyIpv6,
  // Delayed, lost in part or on and off: see the figures.
  kImpaired,
  // Probes arrive; faults act on other packets.
  kUnseen,
  // Of several edges that are not alike: see the share.
  kMixed,
};

// What an impairment amounts to. A value.
struct CellFigures {
  // Whose figures they are, when the IP versions are not treated alike: 4 or 6; else 0.
  int version = 0;
  // Whether delay and loss are of interest at all.
  bool delays = false;
  bool loses = false;
  // Absent: not known.
  std::optional<Duration> delay;
  double lost = 0;

  friend bool operator==(const CellFigures&, const CellFigures&) = default;
};

// How many of several edges packets plainly pass. A value.
struct CellShare {
  std::size_t open = 0;
  std::size_t edges = 0;

  friend bool operator==(const CellShare&, const CellShare&) = default;
};

struct MatrixCell {
  CellReach planned = CellReach::kNone;
  CellReach observed = CellReach::kNone;
  // Whether each IP version was observed as planned.
  bool agrees = true;
  // Of kImpaired.
  CellFigures planned_figures;
  CellFigures observed_figures;
  // Of kMixed.
  CellShare planned_share;
  CellShare observed_share;

  // Whether they say the same of an edge; measured figures never are quite the same.
  friend bool operator==(const MatrixCell& a, const MatrixCell& b) {
    return a.planned == b.planned && a.observed == b.observed && a.agrees == b.agrees &&
           a.planned_figures == b.planned_figures && a.planned_share == b.planned_share &&
           a.observed_share == b.observed_share;
  }
};

// Who reaches whom, as a table. A value.
class Matrix {
 public:
  Matrix() = default;
  // All cells empty.
  explicit Matrix(std::vector<std::string> names) : names_(std::move(names)), cells_(names_.size() * names_.size()) {}

  const std::vector<std::string>& names() const { return names_; }
  std::size_t size() const { return names_.size(); }
  MatrixCell& At(std::size_t from, std::size_t to) { return cells_[from * names_.size() + to]; }
  const MatrixCell& At(std::size_t from, std::size_t to) const { return cells_[from * names_.size() + to]; }

  friend bool operator==(const Matrix&, const Matrix&) = default;

 private:
  std::vector<std::string> names_;
  std::vector<MatrixCell> cells_;
};

// The matrix of a stage: its nodes in the order people count in ("lon-2" before "lon-10").
Matrix ReadMatrix(const v1::StageVerdict& stage);

}  // namespace faultline
