#include "common/identity/private_key.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "common/identity/openssl.h"

namespace faultline {
namespace {

// OpenSSL's own would ask at the terminal.
int NoPassword(char*, int, int, void*) { return -1; }

}  // namespace

PrivateKey::PrivateKey(EVP_PKEY* key) : key_(key, &EVP_PKEY_free) {}

absl::StatusOr<PrivateKey> PrivateKey::Generate() {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  if (key == nullptr) return absl::InternalError(OpenSslError("a key cannot be made").message());
  return PrivateKey(key);
}

absl::StatusOr<PrivateKey> PrivateKey::Parse(absl::string_view pem) {
  const BioPtr source = ReadFrom(pem);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(source.get(), nullptr, &NoPassword, nullptr);
  if (key == nullptr) return OpenSslError("there is no private key that reads without a password");
  ERR_clear_error();
  return PrivateKey(key);
}

std::string PrivateKey::ToPem() const {
  const BioPtr target(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(target.get(), get(), nullptr, nullptr, 0, nullptr, nullptr);
  return TextOf(target.get());
}

bool PrivateKey::Fits(const Certificate& certificate) const {
  const bool fits = X509_check_private_key(certificate.get(), get()) == 1;
  ERR_clear_error();
  return fits;
}

bool IsP256(const EVP_PKEY* key) {
  char group[32] = {};
  const bool is = key != nullptr && EVP_PKEY_is_a(key, "EC") == 1 &&
                  EVP_PKEY_get_group_name(key, group, sizeof(group), nullptr) == 1 &&
                  absl::string_view(group) == "prime256v1";
  ERR_clear_error();
  return is;
}

}  // namespace faultline
