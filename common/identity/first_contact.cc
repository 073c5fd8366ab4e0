#include "common/identity/first_contact.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/identity/openssl.h"
#include "common/prefix.h"
#include "common/status.h"

namespace faultline {
namespace {

using ContextPtr = std::unique_ptr<SSL_CTX, OpenSslFree<&SSL_CTX_free>>;

constexpr unsigned kNapMs = 20;

absl::StatusOr<std::string> HostOf(const std::string& target) {
  const std::size_t colon = target.rfind(':');
  std::string host = target.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (colon == std::string::npos || colon + 1 == target.size() || host.empty() || absl::StartsWith(target, "unix:")) {
    return absl::InvalidArgumentError(absl::StrCat("'", target, "' is not an address; write HOST:PORT or [IPV6]:PORT"));
  }
  return host;
}

absl::Status NoAnswer(const std::string& target, absl::string_view what) {
  return absl::UnavailableError(absl::StrCat(target, ": ", OpenSslError(what).message()));
}

// The certificates that the server sends, its own first.
absl::StatusOr<std::vector<Certificate>> Handshake(const std::string& target, const std::string& host,
                                                   std::time_t until) {
  const ContextPtr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  const BioPtr connection(BIO_new_ssl_connect(context.get()));
  SSL* ssl = nullptr;
  BIO_get_ssl(connection.get(), &ssl);
  SSL_set_alpn_protos(ssl, kHttp2Protocol, sizeof(kHttp2Protocol));
  if (!IpAddress::Parse(host).ok()) SSL_set_tlsext_host_name(ssl, host.c_str());
  BIO_set_conn_hostname(connection.get(), target.c_str());
  BIO_set_nbio(connection.get(), 1);
  while (BIO_do_handshake(connection.get()) <= 0) {
    if (!BIO_should_retry(connection.get())) return NoAnswer(target, "there is no TLS 1.3 server that answers");
    if (BIO_wait(connection.get(), until, kNapMs) <= 0) return NoAnswer(target, "does not answer");
  }
  std::vector<Certificate> chain;
  const STACK_OF(X509)* const sent = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; sent != nullptr && i < sk_X509_num(sent); ++i) {
    X509* const certificate = sk_X509_value(sent, i);
    X509_up_ref(certificate);
    chain.emplace_back(certificate);
  }
  ERR_clear_error();
  return chain;
}

bool IsFor(const Certificate& certificate, const std::string& host) {
  const bool is = IpAddress::Parse(host).ok()
                      ? X509_check_ip_asc(certificate.get(), host.c_str(), 0) == 1
                      : X509_check_host(certificate.get(), host.data(), host.size(), 0, nullptr) == 1;
  ERR_clear_error();
  return is;
}

}  // namespace

absl::StatusOr<Certificate> FindAuthority(const std::string& target, absl::string_view fingerprint, Duration patience) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string host, HostOf(target));
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(patience).count();
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Certificate> chain,
                             Handshake(target, host, std::time(nullptr) + seconds));
  const auto authority = std::find_if(chain.begin(), chain.end(), [&](const Certificate& certificate) {
    return certificate.Fingerprint() == fingerprint;
  });
  if (authority == chain.end()) {
    return absl::UnauthenticatedError(
        absl::StrCat("the controller at ", target, " is not of the certificate authority ", fingerprint, "; it shows ",
                     chain.empty() ? "nothing" : chain.back().Fingerprint(),
                     ": the token is another controller's, or somebody is ", "in between"));
  }
  const Certificate& own = chain.front();
  if (X509_verify(own.get(), X509_get0_pubkey(authority->get())) != 1) {
    return absl::UnauthenticatedError(
        absl::StrCat("the controller at ", target, " shows a certificate that its authority has not signed"));
  }
  if (!IsFor(own, host)) {
    return absl::UnauthenticatedError(absl::StrCat("the controller's certificate is not for '", host, "' but for ",
                                                   absl::StrJoin(own.Hosts(), ", "), "; dial one of these, or have ",
                                                   "the certificate made anew"));
  }
  return *authority;
}

}  // namespace faultline
