#include "controller/report/text_table.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/document/document.h"
#include "controller/report/columns.h"

namespace faultline {
namespace {

absl::string_view CodeOf(Ink ink) {
  switch (ink) {
    case Ink::kPlain:
      return "0";
    case Ink::kGood:
      return "32";
    case Ink::kBad:
      return "1;31";
    case Ink::kFaint:
      return "2";
  }
  return "0";
}

// Lines and paragraphs of their own, and what turns the direction of writing.
bool Reorders(char32_t letter) {
  return (letter >= 0x2028 && letter <= 0x202e) || (letter >= 0x2066 && letter <= 0x2069);
}

bool BeginsCharacter(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

}  // namespace

std::string Paint(absl::string_view text, Ink ink, const TerminalStyle& style) {
  if (!style.color || ink == Ink::kPlain) return std::string(text);
  return absl::StrCat("\x1b[", CodeOf(ink), "m", text, "\x1b[0m");
}

std::string Spell(absl::string_view text, const TerminalStyle& style) {
  if (style.utf8) return std::string(text);
  const std::string known = absl::StrReplaceAll(
      text, {{"→", "->"}, {"·", "."}, {"█", "x"}, {"±", "+-"}, {"…", ".."}, {"≈", "="}, {"○", "o"}});
  std::string ascii;
  for (const char c : known) {
    if (absl::ascii_isascii(static_cast<unsigned char>(c))) {
      ascii.push_back(c);
    } else if (BeginsCharacter(c)) {
      ascii.push_back('?');
    }
  }
  return ascii;
}

std::string Tame(absl::string_view text) {
  const std::string printable = Printable(text);
  std::string tame;
  for (absl::string_view rest = printable; !rest.empty();) {
    const absl::string_view before = rest;
    const char32_t letter = TakeLetter(rest);
    const absl::string_view bytes = before.substr(0, before.size() - rest.size());
    absl::StrAppend(&tame, letter < 0x20 || Reorders(letter) ? "?" : bytes);
  }
  return tame;
}

std::size_t WidthOf(absl::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    if (text.front() == kEscape) {
      text.remove_prefix(std::min(text.find('m'), text.size() - 1) + 1);
    } else {
      width += ColumnsOf(TakeLetter(text));
    }
  }
  return width;
}

std::string Pad(absl::string_view text, std::size_t width) {
  const std::size_t taken = WidthOf(text);
  return absl::StrCat(text, std::string(width > taken ? width - taken : 0, ' '));
}

std::string FormatTable(const std::vector<std::vector<std::string>>& rows, std::size_t indent) {
  std::vector<std::size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], WidthOf(row[i]));
  }
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < row.size(); ++i) absl::StrAppend(&line, Pad(row[i], widths[i] + 2));
    absl::StripTrailingAsciiWhitespace(&line);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

}  // namespace faultline
