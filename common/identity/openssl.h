#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace faultline {

// What gRPC speaks, as ALPN has it: a length and a name.
inline constexpr unsigned char kHttp2Protocol[] = {2, 'h', '2'};

// Frees one of OpenSSL's objects.
template <auto Free>
struct OpenSslFree {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using BioPtr = std::unique_ptr<BIO, OpenSslFree<&BIO_free_all>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpenSslFree<&EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, OpenSslFree<&X509_free>>;
using X509ReqPtr = std::unique_ptr<X509_REQ, OpenSslFree<&X509_REQ_free>>;

// INVALID_ARGUMENT: `what`, and the oldest reason on this thread's queue of OpenSSL's errors, which is emptied.
absl::Status OpenSslError(absl::string_view what);

// To read `text` from memory, which must outlive the result.
BioPtr ReadFrom(absl::string_view text);

// All that was written to a memory BIO.
std::string TextOf(BIO* bio);

}  // namespace faultline
