#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "controller/report/terminal_style.h"

namespace faultline {

// Takes one character off the front of UTF-8 text, which must not be empty; a byte that is none counts as U+FFFD.
char32_t TakeLetter(absl::string_view& text);

// Columns that a character takes on a terminal: 0 when it combines with the one before, 2 when it is wide. By the C
// library's tables, whatever the locale; 1 for what they do not know.
std::size_t ColumnsOf(char32_t letter);

// As much of the beginning of text without colour codes as takes `width` columns at most.
absl::string_view FirstColumns(absl::string_view text, std::size_t width);

// Text that takes `width` columns at most: cut, with "…" at its end, when it would take more. Colour codes take none
// and are all kept. Nothing when `width` is 0.
std::string Clip(absl::string_view text, std::size_t width, const TerminalStyle& style);

}  // namespace faultline
