#pragma once

#include <cstddef>

namespace faultline {

// What the terminal, or the file, that text goes to can show.
struct TerminalStyle {
  // ANSI colours.
  bool color = false;
  // UTF-8; else ASCII only.
  bool utf8 = true;
  // Columns.
  std::size_t width = 100;
};

}  // namespace faultline
