#include "common/rpc/listen_credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "common/status.h"

namespace faultline {
namespace {

constexpr unsigned kRefreshSeconds = 1;

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ListenCredentials(absl::string_view target,
                                                                           const Security& security) {
  FAULTLINE_RETURN_IF_ERROR(CheckSecurity(target, security));
  if (IsLocal(target) || security.insecure) return grpc::InsecureServerCredentials();
  const TlsFiles& files = security.tls;
  grpc::experimental::TlsServerCredentialsOptions options(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(files.key, files.certificate, files.ca,
                                                                           kRefreshSeconds));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  // Who enrols has none yet.
  options.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace faultline
