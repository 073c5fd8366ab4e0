#include "agent/ec2/ec2_paths.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "common/document/document.h"

namespace faultline {
namespace {

constexpr std::size_t kLongestId = 64;
constexpr std::size_t kLongestKey = 128;
constexpr std::size_t kLongestValue = 256;

bool IsMadeOf(absl::string_view text, std::size_t longest, bool upper, absl::string_view others) {
  return !text.empty() && text.size() <= longest && std::ranges::all_of(text, [&](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return absl::ascii_islower(byte) || absl::ascii_isdigit(byte) || (upper && absl::ascii_isupper(byte)) ||
           others.find(c) != others.npos;
  });
}

}  // namespace

bool IsEc2Id(absl::string_view text) { return IsMadeOf(text, kLongestId, /*upper=*/false, "-"); }

bool IsInstanceType(absl::string_view text) { return IsMadeOf(text, kLongestId, /*upper=*/false, "-."); }

bool IsMac(absl::string_view text) {
  constexpr absl::string_view kForm = "xx:xx:xx:xx:xx:xx";
  return std::ranges::equal(text, kForm, [](char c, char form) {
    const auto byte = static_cast<unsigned char>(c);
    return form == ':' ? c == ':' : absl::ascii_isxdigit(byte) && !absl::ascii_isupper(byte);
  });
}

bool IsTagKey(absl::string_view text) {
  return IsMadeOf(text, kLongestKey, /*upper=*/true, "+-=.,_:@") && text != "." && text != ".." && text != "_index";
}

bool IsTagValue(absl::string_view text) {
  return text.size() <= kLongestValue && !FindBadText(text) &&
         std::ranges::none_of(text, [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

std::optional<std::vector<std::string>> ReadLines(absl::string_view text, std::size_t most) {
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const absl::string_view stripped = absl::StripAsciiWhitespace(line);
    if (stripped.empty()) continue;
    if (lines.size() == most) return std::nullopt;
    lines.emplace_back(stripped);
  }
  return lines;
}

}  // namespace faultline
