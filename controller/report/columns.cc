#include "controller/report/columns.h"

#include <locale.h>
#include <wchar.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

constexpr char32_t kNoLetter = 0xfffd;

// The calling thread's locale is this while it lives.
class LocaleScope {
 public:
  explicit LocaleScope(locale_t locale) : old_(uselocale(locale)) {}
  ~LocaleScope() { uselocale(old_); }

 private:
  const locale_t old_;
};

}  // namespace

char32_t TakeLetter(absl::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
  char32_t letter = length <= 1 ? first : first & (0x7fu >> length);
  bool good = length >= 1 && length <= text.size();
  for (std::size_t i = 1; good && i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    good = (byte & 0xc0) == 0x80;
    letter = letter << 6 | (byte & 0x3fu);
  }
  text.remove_prefix(good ? length : 1);
  return good ? letter : kNoLetter;
}

std::size_t ColumnsOf(char32_t letter) {
  // Most of what is written, quickly: letters of the West, and boxes and blocks.
  if (letter < 0x300 || (letter >= 0x2500 && letter < 0x25a0)) return 1;
  static const locale_t kUtf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (kUtf8 == nullptr) return 1;
  const LocaleScope scope(kUtf8);
  const int columns = wcwidth(static_cast<wchar_t>(letter));
  return columns < 0 ? 1 : static_cast<std::size_t>(columns);
}

absl::string_view FirstColumns(absl::string_view text, std::size_t width) {
  absl::string_view rest = text;
  for (std::size_t taken = 0; !rest.empty();) {
    absl::string_view next = rest;
    taken += ColumnsOf(TakeLetter(next));
    if (taken > width) break;
    rest = next;
  }
  return text.substr(0, text.size() - rest.size());
}

std::string Clip(absl::string_view text, std::size_t width, const TerminalStyle& style) {
  if (WidthOf(text) <= width) return std::string(text);
  const std::string mark = Spell("…", style);
  if (WidthOf(mark) > width) return "";
  std::size_t room = width - WidthOf(mark);
  bool full = false;
  std::string clipped;
  while (!text.empty()) {
    const bool code = text.front() == kEscape;
    const std::size_t length = code ? std::min(text.find('m'), text.size() - 1) + 1 : text.find(kEscape);
    const absl::string_view part = text.substr(0, length);
    text.remove_prefix(part.size());
    if (code) absl::StrAppend(&clipped, part);
    if (code || full) continue;
    const absl::string_view fitting = FirstColumns(part, room);
    full = fitting.size() < part.size();
    absl::StrAppend(&clipped, fitting, full ? mark : "");
    room -= WidthOf(fitting);
  }
  return clipped;
}

}  // namespace faultline
