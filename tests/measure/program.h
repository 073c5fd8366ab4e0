#pragma once

#include <functional>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "tests/measure/table.h"

namespace faultline::measure {

// One thing that a program measures.
struct Measure {
  const char* name;
  // For --help.
  const char* what;
  // `quick`: fewer samples, for trying it out. CANCELLED when a signal ended it.
  absl::StatusOr<Table> (*run)(bool quick);
};

// A program that measures: `NAME [--quick] [--json FILE] [--only MEASURE]...`. It leaves the host's network namespace
// before anything is measured.
struct Program {
  std::string name;
  // For --help.
  std::string purpose;
  std::span<const Measure> measures;
  // Whether a table shows what it is to show. Empty: every one does.
  std::function<bool(const Table&)> holds;
};

// Prints each table as it comes; with --json writes all of them so far to the file after each. The exit code: 0 done
// and all hold, 1 something does not or failed, 2 wrong usage or not root, 130 interrupted.
int RunProgram(const Program& program, int argc, const char* const* argv);

}  // namespace faultline::measure
