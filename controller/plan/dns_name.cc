#include "controller/plan/dns_name.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/prefix.h"

namespace faultline {
namespace {

bool IsLetterOrDigit(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }

// What is wrong with one part of a name; empty: nothing.
std::string WrongWith(absl::string_view part) {
  constexpr std::size_t kLongestPart = 63;
  if (part.empty()) return "a part between its dots is empty";
  if (part.size() > kLongestPart) return absl::StrCat("a part between its dots is longer than ", kLongestPart);
  if (part.front() == '-' || part.back() == '-') return absl::StrCat("'", part, "' begins or ends with '-'");
  const bool good = std::all_of(part.begin(), part.end(), [](char c) { return IsLetterOrDigit(c) || c == '-'; });
  return good ? "" : absl::StrCat("'", part, "' may have only letters, digits and '-'");
}

absl::Status Wrong(absl::string_view name, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("'", name, "' is not a DNS name: ", what));
}

}  // namespace

absl::Status CheckDnsName(absl::string_view name) {
  constexpr std::size_t kLongest = 253;
  if (Prefix::Parse(name).ok()) return Wrong(name, "it is an address; write it under 'cidrs'");
  if (absl::StrContains(name, "://")) return Wrong(name, "it is a URL; write the host's name alone");
  if (absl::StrContains(name, '*')) return Wrong(name, "nobody answers for a pattern; write each name");
  absl::string_view rest = absl::StripSuffix(name, ".");
  if (rest.size() > kLongest) return Wrong(name.substr(0, 60), absl::StrCat("it is longer than ", kLongest));
  const std::vector<absl::string_view> parts = absl::StrSplit(rest, '.');
  for (const absl::string_view part : parts) {
    if (const std::string wrong = WrongWith(part); !wrong.empty()) return Wrong(name, wrong);
  }
  // RFC 1123: the last part is a word, so that a name cannot be taken for an address.
  const absl::string_view last = parts.back();
  if (std::all_of(last.begin(), last.end(),
                  [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); })) {
    return Wrong(name, "its last part is a number");
  }
  return absl::OkStatus();
}

}  // namespace faultline
