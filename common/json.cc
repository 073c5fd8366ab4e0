#include "common/json.h"

#include <cstdint>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace faultline {
namespace {

constexpr char kReplacement[] = "\xEF\xBF\xBD";  // U+FFFD

// What a sequence of UTF-8 that begins so is to have: its length, the bits of its first byte, the least it may stand
// for.
struct Sequence {
  std::size_t length;
  std::uint32_t first;
  std::uint32_t least;
};

Sequence SequenceOf(unsigned char first) {
  if (first < 0x80) return {1, first, 0};
  if ((first & 0xE0) == 0xC0) return {2, first & 0x1FU, 0x80};
  if ((first & 0xF0) == 0xE0) return {3, first & 0x0FU, 0x800};
  if ((first & 0xF8) == 0xF0) return {4, first & 0x07U, 0x10000};
  return {0, 0, 0};
}

// The bytes of the character that the text begins with; 0 where it begins with none. REQUIRES: not empty.
std::size_t CharacterAt(absl::string_view text) {
  const Sequence sequence = SequenceOf(static_cast<unsigned char>(text[0]));
  if (sequence.length == 0 || sequence.length > text.size()) return 0;
  std::uint32_t code = sequence.first;
  for (const char next : text.substr(1, sequence.length - 1)) {
    if ((static_cast<unsigned char>(next) & 0xC0) != 0x80) return 0;
    code = code << 6 | (static_cast<unsigned char>(next) & 0x3FU);
  }
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  return code < sequence.least || code > 0x10FFFF || surrogate ? 0 : sequence.length;
}

}  // namespace

std::string JsonText(absl::string_view text) {
  std::string json = "\"";
  while (!text.empty()) {
    const std::size_t length = CharacterAt(text);
    const char first = text[0];
    if (length == 0) {
      absl::StrAppend(&json, kReplacement);
    } else if (first == '"' || first == '\\') {
      absl::StrAppend(&json, "\\", text.substr(0, 1));
    } else if (first == '\n') {
      absl::StrAppend(&json, "\\n");
    } else if (length == 1 && (static_cast<unsigned char>(first) < 0x20 || first == 0x7F)) {
      absl::StrAppendFormat(&json, "\\u%04x", static_cast<unsigned>(first));
    } else {
      absl::StrAppend(&json, text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return json + "\"";
}

std::string JsonNumber(double number) {
  std::string text;
  for (int digits = 15; digits <= std::numeric_limits<double>::max_digits10; ++digits) {
    text = absl::StrFormat("%.*g", digits, number);
    if (double read = 0; absl::SimpleAtod(text, &read) && read == number) break;
  }
  return text;
}

std::string JsonList(const std::vector<std::string>& values) {
  return absl::StrCat("[", absl::StrJoin(values, ","), "]");
}

void JsonObject::Add(absl::string_view key, absl::string_view json) {
  absl::StrAppend(&fields_, fields_.size() == 1 ? "" : ",", JsonText(key), ":", json);
}

}  // namespace faultline
