#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "controller/report/terminal_style.h"

namespace faultline {

enum class Ink { kPlain, kGood, kBad, kFaint };

// Begins a colour code.
inline constexpr char kEscape = '\x1b';

// `text` in a colour, where the style has colours.
std::string Paint(absl::string_view text, Ink ink, const TerminalStyle& style);

// `text` where UTF-8 can be shown; else our own signs in their ASCII forms, and any other beyond ASCII as '?'.
std::string Spell(absl::string_view text, const TerminalStyle& style);

// `text` on one line, as UTF-8 and without characters that control or reorder text (each becomes '?'): what others
// wrote must not steer the terminal.
std::string Tame(absl::string_view text);

// Columns that UTF-8 text takes on a terminal (ColumnsOf); colour codes take none.
std::size_t WidthOf(absl::string_view text);

// `text` and blanks up to `width` columns.
std::string Pad(absl::string_view text, std::size_t width);

// Lines with columns as wide as their widest cell, two blanks apart; every line begins with `indent` blanks. Short rows
// are fine. Ends with a newline unless empty.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows, std::size_t indent);

}  // namespace faultline
