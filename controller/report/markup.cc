#include "controller/report/markup.h"

#include <cctype>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace faultline {
namespace {

constexpr absl::string_view kReplacement = "\uFFFD";

struct Character {
  // Zero bytes: the first byte of the text is part of no character.
  std::size_t length = 0;
  std::uint32_t code = 0;
};

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// The first character of a text that is not empty.
Character FirstOf(absl::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return {1, first};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {};
  std::uint32_t code = first & (0x7fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!Continues(text[i])) return {};
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kLeast[length] || code > 0x10ffff || surrogate) return {};
  return {length, code};
}

// Calls `take` with every character and its bytes; what is part of none is U+FFFD.
template <typename Take>
void ForEachCharacter(absl::string_view text, Take take) {
  while (!text.empty()) {
    const Character character = FirstOf(text);
    if (character.length == 0) {
      take(std::uint32_t{0xfffd}, kReplacement);
      text.remove_prefix(1);
    } else {
      take(character.code, text.substr(0, character.length));
      text.remove_prefix(character.length);
    }
  }
}

// Marks that turn the direction of writing, so that text reads otherwise than it is.
bool TurnsDirection(std::uint32_t code) {
  return code == 0x61c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

bool IsForbidden(std::uint32_t code) {
  return (code >= 0x80 && code < 0xa0) || (code & 0xfffe) == 0xfffe || (code >= 0xfdd0 && code <= 0xfdef) ||
         TurnsDirection(code);
}

// U+2400 and on: one for each control character.
std::string PictureOf(std::uint32_t code) {
  const std::uint32_t picture = code == 0x7f ? 0x2421 : 0x2400 + code;
  return {'\xe2', static_cast<char>(0x80 | (picture >> 6 & 0x3f)), static_cast<char>(0x80 | (picture & 0x3f))};
}

bool IsControl(std::uint32_t code) { return code < 0x20 || code == 0x7f; }

}  // namespace

std::string WellFormed(absl::string_view text) {
  std::string out;
  ForEachCharacter(text, [&out](std::uint32_t, absl::string_view bytes) { absl::StrAppend(&out, bytes); });
  return out;
}

std::string EscapeMarkup(absl::string_view text) {
  std::string out;
  ForEachCharacter(text, [&out](std::uint32_t code, absl::string_view bytes) {
    if (code == '&') return out.append("&amp;");
    if (code == '<') return out.append("&lt;");
    if (code == '>') return out.append("&gt;");
    if (code == '"') return out.append("&quot;");
    if (code == '\'') return out.append("&#39;");
    if (IsControl(code) && code != '\t' && code != '\n') return out.append(PictureOf(code));
    return out.append(IsForbidden(code) ? kReplacement.data() : bytes.data(),
                      IsForbidden(code) ? kReplacement.size() : bytes.size());
  });
  return out;
}

std::string JsonString(absl::string_view text) {
  std::string out = "\"";
  ForEachCharacter(text, [&out](std::uint32_t code, absl::string_view bytes) {
    // Some readers take these for the end of a line.
    const bool separates = code == 0x2028 || code == 0x2029;
    if (code == '"' || code == '\\') {
      absl::StrAppend(&out, "\\", bytes);
    } else if (IsControl(code) || separates) {
      absl::StrAppendFormat(&out, "\\u%04x", code);
    } else {
      absl::StrAppend(&out, bytes);
    }
  });
  return absl::StrCat(out, "\"");
}

std::string EscapeMarkdown(absl::string_view text) {
  std::string out;
  std::uint32_t before = 0;
  ForEachCharacter(text, [&](std::uint32_t code, absl::string_view bytes) {
    // Of ":smile:" and "https://".
    const bool goes_on =
        code == '/' || code == '+' || code == '_' || (code < 0x80 && std::isalpha(static_cast<int>(code)));
    if (before == ':' && goes_on) out.insert(out.size() - 1, 1, '\\');
    before = code;
    if (IsControl(code)) {
      absl::StrAppend(&out, code == '\t' || code == '\n' ? " " : PictureOf(code));
    } else if (IsForbidden(code)) {
      absl::StrAppend(&out, kReplacement);
    } else if (code == '@') {
      out += "&#64;";
    } else if (code < 0x80 && absl::string_view("\\`*_[]<>|#&~$!").find(static_cast<char>(code)) != bytes.npos) {
      absl::StrAppend(&out, "\\", bytes);
    } else {
      absl::StrAppend(&out, bytes);
    }
  });
  return out;
}

}  // namespace faultline
