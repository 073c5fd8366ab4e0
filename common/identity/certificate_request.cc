#include "common/identity/certificate_request.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "common/identity/openssl.h"

namespace faultline {
namespace {

// Ours have 400 bytes.
constexpr std::size_t kLongestPem = 16 * 1024;

}  // namespace

CertificateRequest::CertificateRequest(X509_REQ* request) : request_(request, &X509_REQ_free) {}

absl::StatusOr<std::string> CertificateRequest::Make(const PrivateKey& key) {
  const X509ReqPtr request(X509_REQ_new());
  if (X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(request.get(), key.get()) != 1 ||
      X509_REQ_sign(request.get(), key.get(), EVP_sha256()) == 0) {
    return OpenSslError("a certificate cannot be asked for with this key");
  }
  const BioPtr target(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_REQ(target.get(), request.get());
  return TextOf(target.get());
}

absl::StatusOr<CertificateRequest> CertificateRequest::Parse(absl::string_view pem) {
  if (pem.size() > kLongestPem) return absl::InvalidArgumentError("the certificate request is too long");
  const BioPtr source = ReadFrom(pem);
  X509_REQ* const read = PEM_read_bio_X509_REQ(source.get(), nullptr, nullptr, nullptr);
  if (read == nullptr) return OpenSslError("the certificate request does not read");
  const CertificateRequest request(read);
  if (!IsP256(request.public_key())) {
    return absl::InvalidArgumentError("the certificate request's key is not ECDSA P-256");
  }
  if (X509_REQ_verify(read, request.public_key()) != 1) {
    return OpenSslError("the certificate request is not signed with its own key");
  }
  ERR_clear_error();
  return request;
}

EVP_PKEY* CertificateRequest::public_key() const { return X509_REQ_get0_pubkey(request_.get()); }

}  // namespace faultline
