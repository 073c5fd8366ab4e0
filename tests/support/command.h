#pragma once

#include <string>
#include <vector>

namespace faultline::testing {

struct CommandResult {
  // Of the exit; 128 + signal when it was killed, 127 when it could not be run.
  int code = 0;
  std::string output;
  // What it wrote to standard error.
  std::string complaint;
};

// Runs a program with `input` as its standard input and waits for it. No shell. In the calling thread's namespaces.
CommandResult RunCommand(const std::vector<std::string>& arguments, const std::string& input = "");

// The same, of words parted by blanks ("ip link set lo up"); returns the output. A failure of the command fails the
// test, telling the command and what it said.
std::string Command(const std::string& words, const std::string& input = "");

}  // namespace faultline::testing
