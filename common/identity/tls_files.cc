#include "common/identity/tls_files.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/identity/certificate.h"
#include "common/identity/openssl.h"
#include "common/status.h"

namespace faultline {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, OpenSslFree<&X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, OpenSslFree<&X509_STORE_CTX_free>>;

// Frees the stack, not what is in it.
void FreeStack(STACK_OF(X509) * stack) { sk_X509_free(stack); }
using StackPtr = std::unique_ptr<STACK_OF(X509), OpenSslFree<&FreeStack>>;

absl::StatusOr<std::vector<Certificate>> ParseFile(const std::string& path, const std::string& text) {
  absl::StatusOr<std::vector<Certificate>> chain = Certificate::ParseChain(text);
  if (!chain.ok()) return WithContext(chain.status(), path);
  return chain;
}

absl::Status CheckKey(const TlsFiles& files, const std::string& text, const Certificate& certificate) {
  const BioPtr source = ReadFrom(text);
  // A key with a password would have it asked for on the terminal.
  const auto no_password = [](char*, int, int, void*) { return 0; };
  const KeyPtr key(PEM_read_bio_PrivateKey(source.get(), nullptr, no_password, nullptr));
  if (key == nullptr) return OpenSslError(absl::StrCat(files.key, ": there is no private key without a password"));
  if (X509_check_private_key(certificate.get(), key.get()) == 1) return absl::OkStatus();
  return OpenSslError(absl::StrCat(files.key, " is not the key of ", files.certificate));
}

absl::Status CheckTime(const std::string& path, const Certificate& certificate, WallTime now) {
  if (now >= certificate.NotAfter()) {
    return absl::InvalidArgumentError(absl::StrCat(path, " has ended at ", MinuteText(certificate.NotAfter())));
  }
  if (now < certificate.NotBefore()) {
    return absl::InvalidArgumentError(absl::StrCat(path, " begins only at ", MinuteText(certificate.NotBefore())));
  }
  return absl::OkStatus();
}

absl::Status CheckSigned(const TlsFiles& files, const std::vector<Certificate>& authorities,
                         const std::vector<Certificate>& chain, WallTime now) {
  const StorePtr store(X509_STORE_new());
  for (const Certificate& authority : authorities) X509_STORE_add_cert(store.get(), authority.get());
  const StackPtr between(sk_X509_new_null());
  for (const Certificate& certificate : chain) sk_X509_push(between.get(), certificate.get());
  const StoreContextPtr context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), chain.front().get(), between.get());
  X509_STORE_CTX_set_time(
      context.get(), 0,
      std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(now)));
  if (X509_verify_cert(context.get()) == 1) return absl::OkStatus();
  const char* const reason = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  return absl::InvalidArgumentError(absl::StrCat(files.certificate, " does not hold against ", files.ca, ": ", reason));
}

}  // namespace

absl::StatusOr<TlsMaterial> ReadTlsFiles(const TlsFiles& files, WallTime now) {
  for (const std::string* path : {&files.ca, &files.certificate, &files.key}) {
    if (path->empty()) return absl::InvalidArgumentError("a CA, a certificate and its key are needed");
  }
  TlsMaterial material;
  FAULTLINE_ASSIGN_OR_RETURN(material.ca, ReadFile(files.ca));
  FAULTLINE_ASSIGN_OR_RETURN(material.certificate, ReadFile(files.certificate));
  FAULTLINE_ASSIGN_OR_RETURN(material.key, ReadFile(files.key));
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Certificate> authorities, ParseFile(files.ca, material.ca));
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Certificate> chain, ParseFile(files.certificate, material.certificate));
  FAULTLINE_RETURN_IF_ERROR(CheckKey(files, material.key, chain.front()));
  FAULTLINE_RETURN_IF_ERROR(CheckTime(files.certificate, chain.front(), now));
  FAULTLINE_RETURN_IF_ERROR(CheckSigned(files, authorities, chain, now));
  return material;
}

}  // namespace faultline
