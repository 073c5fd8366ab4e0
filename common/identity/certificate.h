#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/identity/identity.h"

namespace faultline {

// One X.509 certificate, read. A value; copies share what never changes.
class Certificate {
 public:
  // The first certificate of a PEM text. INVALID_ARGUMENT when there is none that reads.
  static absl::StatusOr<Certificate> Parse(absl::string_view pem);
  // All of them, at least one and at most ten.
  static absl::StatusOr<std::vector<Certificate>> ParseChain(absl::string_view pem);
  // Takes one that is made.
  explicit Certificate(X509* certificate);

  std::string ToPem() const;
  // Lower-case hexadecimal digits, without leading zeros; "" of a serial number that is negative.
  std::string Serial() const;
  // SHA-256 of its DER form: 64 lower-case hexadecimal digits.
  std::string Fingerprint() const;
  // The subject's common name; empty when it has none, or several.
  std::string CommonName() const;
  // DNS names and IP addresses among its alternative names, as text.
  std::vector<std::string> Hosts() const;
  WallTime NotBefore() const;
  WallTime NotAfter() const;
  // Of the one subject alternative URI that is Faultline's. NOT_FOUND when there is none, INVALID_ARGUMENT when there
  // are several or it is malformed.
  absl::StatusOr<Identity> SubjectIdentity() const;
  // Whether it is of this key, public or private.
  bool IsOfKey(EVP_PKEY* key) const;
  // Whether the signature on it is of the key of `authority`.
  bool IsSignedBy(const Certificate& authority) const;

  // OpenSSL's own; lives as long as this.
  X509* get() const { return certificate_.get(); }

 private:
  std::shared_ptr<X509> certificate_;
};

// A certificate's end or beginning, as messages have it: 2026-11-23 19:14 UTC.
std::string MinuteText(WallTime time);

}  // namespace faultline
