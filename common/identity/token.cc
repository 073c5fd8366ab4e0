#include "common/identity/token.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/digest.h"
#include "common/identity/secret.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr absl::string_view kVersion = "fl1";
constexpr std::size_t kIdDigits = 16;
constexpr std::size_t kSecretDigits = 32;
constexpr std::size_t kFingerprintDigits = 64;
constexpr std::size_t kLength = kVersion.size() + kIdDigits + kSecretDigits + kFingerprintDigits + 3;

bool IsHex(absl::string_view text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

}  // namespace

absl::StatusOr<EnrolmentToken> EnrolmentToken::Make(std::string authority) {
  EnrolmentToken token{.id = {}, .secret = {}, .authority = std::move(authority)};
  FAULTLINE_ASSIGN_OR_RETURN(token.id, RandomHex(kIdDigits / 2));
  FAULTLINE_ASSIGN_OR_RETURN(token.secret, RandomHex(kSecretDigits / 2));
  return token;
}

absl::StatusOr<EnrolmentToken> EnrolmentToken::Parse(absl::string_view text) {
  const absl::Status error = absl::InvalidArgumentError(
      "this is no token: one is 'fl1.' and three groups of hexadecimal digits, as `faultline token create` prints it");
  if (text.size() != kLength) return error;
  const std::vector<std::string> parts = absl::StrSplit(text, '.');
  if (parts.size() != 4 || parts[0] != kVersion || !IsHex(parts[1], kIdDigits) || !IsHex(parts[2], kSecretDigits) ||
      !IsHex(parts[3], kFingerprintDigits)) {
    return error;
  }
  return EnrolmentToken{.id = parts[1], .secret = parts[2], .authority = parts[3]};
}

std::string EnrolmentToken::ToText() const { return absl::StrCat(kVersion, ".", id, ".", secret, ".", authority); }

std::string EnrolmentToken::Digest() const { return Sha256Hex(secret); }

}  // namespace faultline
