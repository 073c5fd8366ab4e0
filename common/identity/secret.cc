#include "common/identity/secret.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "absl/strings/escaping.h"
#include "common/identity/openssl.h"
#include "common/status.h"

namespace faultline {

absl::StatusOr<std::string> RandomBytes(std::size_t bytes) {
  std::string random(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(bytes)) != 1) {
    return absl::InternalError(OpenSslError("there are no random numbers").message());
  }
  return random;
}

absl::StatusOr<std::string> RandomHex(std::size_t bytes) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string random, RandomBytes(bytes));
  return absl::BytesToHexString(random);
}

bool SameSecret(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace faultline
