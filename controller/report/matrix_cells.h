#pragma once

#include <cstddef>
#include <string>
#include <vector>

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
};

struct MatrixCell {
  CellReach planned = CellReach::kNone;
  CellReach observed = CellReach::kNone;
  // Whether each IP version was observed as planned.
  bool agrees = true;

  friend bool operator==(const MatrixCell&, const MatrixCell&) = default;
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

 private:
  std::vector<std::string> names_;
  std::vector<MatrixCell> cells_;
};

// The matrix of a stage: its nodes in the order people count in ("lon-2" before "lon-10").
Matrix ReadMatrix(const v1::StageVerdict& stage);

}  // namespace faultline
