#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// What lets somebody be enrolled: "fl1.ID.SECRET.CA", all hexadecimal. The controller keeps a digest of the secret
// alone; the certificate authority's fingerprint is for those who enrol, so that they show the secret to nobody else. A
// value.
struct EnrolmentToken {
  // 16 digits; no secret.
  std::string id;
  // 32 digits: 128 bits.
  std::string secret;
  // Certificate::Fingerprint of the authority.
  std::string authority;

  // A random one.
  static absl::StatusOr<EnrolmentToken> Make(std::string authority);
  // Anybody's text. INVALID_ARGUMENT, which does not repeat it, when it is no token.
  static absl::StatusOr<EnrolmentToken> Parse(absl::string_view text);

  std::string ToText() const;
  // What the controller keeps of the secret.
  std::string Digest() const;

  bool operator==(const EnrolmentToken&) const = default;
};

}  // namespace faultline
