#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "tests/measure/table.h"

namespace faultline::fidelity {

// One thing asked of the kernel, and what came of it.
struct Row {
  std::string what;
  std::string asked;
  std::string observed;
  // What we hold ourselves to.
  std::string bound;
  // Computed from the two before, never stated.
  bool holds = false;
  // The same asked of other tools, on the same traffic: "netem as root: 1.3 %".
  std::string beside;
};

// A table for rows, empty as yet. `how`: a sentence, how it is measured.
measure::Table MakeTable(const std::string& name, const std::string& how);
void AddRow(measure::Table& table, const Row& row);
// Whether every row does. REQUIRES: of MakeTable.
bool Holds(const measure::Table& table);

// A measure sets up what it needs in namespaces of its own, measures, takes everything down again, also when it
// fails, and gives a table of MakeTable. One whose whole subject this kernel lacks gives a table without rows, whose
// note says what is missing. `quick`: far fewer samples, for trying it out; rows may then not hold.

// Loss of each packet by itself, with aggregates on the way.
absl::StatusOr<measure::Table> MeasureLoss(bool quick);
// Duplicates and flipped bits.
absl::StatusOr<measure::Table> MeasureCopies(bool quick);
// Gilbert and Elliott's model.
absl::StatusOr<measure::Table> MeasureBursts(bool quick);
absl::StatusOr<measure::Table> MeasureDelay(bool quick);
// The law of the jitter, and the order that it keeps.
absl::StatusOr<measure::Table> MeasureJitter(bool quick);
absl::StatusOr<measure::Table> MeasureRate(bool quick);
// What found no room, told apart from what was to be lost.
absl::StatusOr<measure::Table> MeasureOverflow(bool quick);
// What an established connection makes of a cut.
absl::StatusOr<measure::Table> MeasureTcp(bool quick);
// What traffic that no fault names notices.
absl::StatusOr<measure::Table> MeasureCollateral(bool quick);

}  // namespace faultline::fidelity
