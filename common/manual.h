#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace faultline {

// What a manual page says of a program's options and verbs, in man(7): the sections OPTIONS and, if there are any,
// COMMANDS. Made of `app` itself, so that it is never out of date; the rest of the page is written by hand
// (packaging/man).
std::string ManualOf(const CLI::App& app);

}  // namespace faultline
