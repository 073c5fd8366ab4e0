#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace faultline {

// The exit code of wrong usage, of every program.
inline constexpr int kWrongUsage = 2;

// Parses a program's arguments. None: go on. Else the program is to end with this code: 0 after help or the version,
// kWrongUsage after an error, which standard error then tells, with what was meant by a word that is almost an option
// or a verb. Other exceptions of callbacks pass through. `__complete WORDS...` prints what common/completion.h says of
// them, `__manual` what common/manual.h does, and ends with 0.
std::optional<int> ParseArguments(CLI::App& app, int argc, const char* const* argv);

// A line for each argument that `app`, having failed to parse, did not know but that is almost one that could have
// stood there: "there is no '--delya': did you mean '--delay'?".
std::vector<std::string> Misspelt(const CLI::App& app);

}  // namespace faultline
