#include <array>

#include "common/document/document.h"

namespace faultline {
namespace {

// The first bytes of letters of 2, 3 and 4 bytes; `lowest` refuses forms longer than needed.
struct Form {
  unsigned char mask;
  unsigned char lead;
  std::size_t length;
  std::uint32_t lowest;
};
constexpr std::array<Form, 3> kForms = {{{0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}}};

bool IsPrintable(std::uint32_t letter) {
  if (letter < 0x20) return letter == '\n' || letter == '\t' || letter == '\r';
  const bool control = letter >= 0x7f && letter <= 0x9f;
  const bool surrogate = letter >= 0xd800 && letter <= 0xdfff;
  return !control && !surrogate && letter <= 0x10ffff;
}

// Bytes of the multi-byte letter at the front of `text`; 0 when it is not a good one.
std::size_t LetterOfForm(absl::string_view text, const Form& form) {
  if (text.size() < form.length) return 0;
  std::uint32_t letter = static_cast<unsigned char>(text.front()) & static_cast<unsigned char>(~form.mask);
  for (std::size_t i = 1; i < form.length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) return 0;
    letter = letter << 6 | (byte & 0x3f);
  }
  return letter >= form.lowest && IsPrintable(letter) ? form.length : 0;
}

// Bytes of the letter at the front of `text`; 0 when it is not a good one.
std::size_t LetterLength(absl::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return IsPrintable(first) ? 1 : 0;
  for (const Form& form : kForms) {
    if ((first & form.mask) == form.lead) return LetterOfForm(text, form);
  }
  return 0;
}

}  // namespace

std::optional<TextError> FindBadText(absl::string_view text) {
  SourcePosition position{1, 1};
  while (!text.empty()) {
    const std::size_t length = LetterLength(text);
    if (length == 0) {
      const bool control = static_cast<unsigned char>(text.front()) < 0x80 || text.front() == '\xc2';
      return TextError{position, control ? "a control character; expected plain text"
                                         : "a byte that is not UTF-8; expected UTF-8 text"};
    }
    const bool line_break = text.front() == '\n';
    position = line_break ? SourcePosition{position.line + 1, 1}
                          : SourcePosition{position.line, position.column + static_cast<int>(length)};
    text.remove_prefix(length);
  }
  return std::nullopt;
}

std::string Printable(absl::string_view text) {
  std::string printable;
  printable.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = LetterLength(text);
    length == 0 ? printable.append("?") : printable.append(text.data(), length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return printable;
}

}  // namespace faultline
