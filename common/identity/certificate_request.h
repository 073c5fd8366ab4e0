#pragma once

#include <openssl/x509.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/identity/private_key.h"

namespace faultline {

// A request for a certificate (PKCS #10): a public key, and the proof that whoever asks has its private half. What else
// it says counts for nothing: whom a certificate speaks for is the authority's to decide. A value.
class CertificateRequest {
 public:
  // As PEM.
  static absl::StatusOr<std::string> Make(const PrivateKey& key);
  // The one of a PEM text from anybody. INVALID_ARGUMENT when it does not read, its signature is not of its key, or
  // that key is not ECDSA P-256.
  static absl::StatusOr<CertificateRequest> Parse(absl::string_view pem);

  // Lives as long as this.
  EVP_PKEY* public_key() const;

 private:
  explicit CertificateRequest(X509_REQ* request);
  std::shared_ptr<X509_REQ> request_;
};

}  // namespace faultline
