#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "tests/measure/interrupts.h"

namespace faultline::measure {

struct ProcessOptions {
  // Its standard input, as a file: no pipe whose other end could be slow.
  std::string input;
  // Not to be reached by the terminal's Ctrl-C.
  bool shielded = false;
  // The same, and when a signal comes it is told to end by SIGINT, with all its children. Borrowed for the call.
  Interrupts* interrupts = nullptr;
};

struct ProcessResult {
  // Of the exit; 128 + signal when it was killed, 127 when it could not be started.
  int code = 0;
  std::string output;
  std::string error_output;
  // From before it was made to after its end.
  Duration took{0};
};

// Runs a program (no shell) in the calling thread's namespaces and waits for its end.
ProcessResult RunProcess(const std::vector<std::string>& arguments, const ProcessOptions& options = {});

// OK when its code is 0; else INTERNAL naming the program and the last line it said.
absl::Status ToStatus(const ProcessResult& result, const std::vector<std::string>& arguments);

}  // namespace faultline::measure
