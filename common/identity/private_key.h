#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/identity/certificate.h"

namespace faultline {

// A private key. A value; copies share what never changes.
class PrivateKey {
 public:
  // A new one, ECDSA P-256. INTERNAL when the system gives no random numbers.
  static absl::StatusOr<PrivateKey> Generate();
  // The first key of a PEM text, of any kind. INVALID_ARGUMENT when there is none that reads; no password is asked for.
  static absl::StatusOr<PrivateKey> Parse(absl::string_view pem);

  // PKCS #8, without a password.
  std::string ToPem() const;
  // Whether this is the key of that certificate.
  bool Fits(const Certificate& certificate) const;

  // OpenSSL's own; lives as long as this.
  EVP_PKEY* get() const { return key_.get(); }

 private:
  explicit PrivateKey(EVP_PKEY* key);
  std::shared_ptr<EVP_PKEY> key_;
};

// Whether a key, public or private, is on the curve P-256: the only one that Faultline makes, and signs.
bool IsP256(const EVP_PKEY* key);

}  // namespace faultline
