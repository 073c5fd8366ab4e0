#include "common/identity/trial_contact.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/identity/certificate.h"
#include "common/identity/openssl.h"
#include "common/identity/private_key.h"
#include "common/prefix.h"

namespace faultline {
namespace {

using ContextPtr = std::unique_ptr<SSL_CTX, OpenSslFree<&SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, OpenSslFree<&SSL_free>>;

enum class Driven { kThere, kFailed, kLate };

// Calls `step` until it succeeds or fails for good, or `until` has come.
template <typename Step>
Driven Drive(SSL* ssl, int connection, MonotonicTime until, const Step& step) {
  const SystemClock clock;
  while (true) {
    ERR_clear_error();
    const int result = step();
    if (result > 0) return Driven::kThere;
    const int why = SSL_get_error(ssl, result);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) return Driven::kFailed;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock.Now());
    pollfd ready{
        .fd = connection, .events = static_cast<short>(why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT), .revents = 0};
    if (left.count() <= 0 || poll(&ready, 1, static_cast<int>(left.count())) == 0) return Driven::kLate;
  }
}

// "tlsv1 alert unknown ca", where the other side has said so.
std::string Reason() {
  const unsigned long code = ERR_peek_last_error();
  const bool hung_up = code == 0 || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  const char* const text = hung_up ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return text == nullptr ? "it hung up or fell silent" : text;
}

bool IsFor(X509* certificate, const std::string& host) {
  const bool is = IpAddress::Parse(host).ok() ? X509_check_ip_asc(certificate, host.c_str(), 0) == 1
                                              : X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1;
  ERR_clear_error();
  return is;
}

TrialContact JudgeServer(SSL* ssl, const std::string& host, const TlsFiles& files) {
  X509* const shown = SSL_get1_peer_certificate(ssl);
  if (shown == nullptr) return {TlsTrouble::kNoTls, "the controller shows no certificate"};
  const Certificate certificate(shown);
  const std::string clock = absl::StrCat("; this node's clock says ", MinuteText(SystemClock().WallNow()));
  const long result = SSL_get_verify_result(ssl);
  switch (result) {
    case X509_V_OK:
      break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return {TlsTrouble::kEnded, absl::StrCat("the controller's certificate, or its CA's, has ended: its own at ",
                                               MinuteText(certificate.NotAfter()), clock)};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {TlsTrouble::kNotBegun,
              absl::StrCat("the controller's certificate, or its CA's, has not begun: its own does at ",
                           MinuteText(certificate.NotBefore()), clock)};
    default:
      return {TlsTrouble::kStranger, absl::StrCat("the controller's certificate does not hold against ", files.ca, ": ",
                                                  X509_verify_cert_error_string(result))};
  }
  if (IsFor(shown, host)) return {};
  const std::vector<std::string> hosts = certificate.Hosts();
  return {TlsTrouble::kWrongName, absl::StrCat("the controller's certificate is not for '", host, "' but for ",
                                               hosts.empty() ? "no host at all" : absl::StrJoin(hosts, ", "))};
}

// What believes, and shows, what is in the files.
ContextPtr MakeContext(const TlsMaterial& material) {
  ContextPtr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  // Judged after the handshake, all at once.
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  const auto authorities = Certificate::ParseChain(material.ca);
  const auto chain = Certificate::ParseChain(material.certificate);
  const auto key = PrivateKey::Parse(material.key);
  if (!authorities.ok() || !chain.ok() || !key.ok()) return nullptr;
  for (const Certificate& authority : *authorities) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority.get());
  }
  SSL_CTX_use_certificate(context.get(), chain->front().get());
  for (auto between = chain->begin() + 1; between != chain->end(); ++between) {
    SSL_CTX_add1_chain_cert(context.get(), between->get());
  }
  return SSL_CTX_use_PrivateKey(context.get(), key->get()) == 1 ? std::move(context) : nullptr;
}

}  // namespace

TrialContact TryContact(int connection, const std::string& host, const TlsFiles& files, Duration patience) {
  const SystemClock clock;
  const absl::StatusOr<TlsMaterial> material = ReadTlsFiles(files, clock.WallNow());
  if (!material.ok()) return {TlsTrouble::kFiles, std::string(material.status().message())};
  const ContextPtr context = MakeContext(*material);
  if (context == nullptr) return {TlsTrouble::kFiles, absl::StrCat(files.certificate, " cannot be used")};
  const SslPtr ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), connection);
  SSL_set_alpn_protos(ssl.get(), kHttp2Protocol, sizeof(kHttp2Protocol));
  if (!IpAddress::Parse(host).ok()) SSL_set_tlsext_host_name(ssl.get(), host.c_str());
  const MonotonicTime until = clock.Now() + patience;
  if (Drive(ssl.get(), connection, until, [&] { return SSL_connect(ssl.get()); }) != Driven::kThere) {
    return {TlsTrouble::kNoTls, absl::StrCat("what listens there is no TLS 1.3 server: ", Reason())};
  }
  TrialContact judged = JudgeServer(ssl.get(), host, files);
  if (judged.trouble != TlsTrouble::kNone) return judged;
  // In TLS 1.3 the handshake is over for us before the server has looked at our certificate. One that is content says
  // something at once, by HTTP/2; one that is not hangs up, with an alert or without.
  char first = 0;
  if (Drive(ssl.get(), connection, until, [&] { return SSL_read(ssl.get(), &first, 1); }) == Driven::kFailed) {
    return {TlsTrouble::kRefused, absl::StrCat("the controller refuses this node's certificate: ", Reason())};
  }
  ERR_clear_error();
  return {};
}

}  // namespace faultline
