#include "controller/rpc/peer_certificate.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>

#include <memory>
#include <vector>

namespace faultline {

absl::StatusOr<Certificate> PeerCertificate(const grpc::ServerContextBase& context) {
  const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context();
  std::vector<grpc::string_ref> shown;
  if (peer != nullptr && peer->IsPeerAuthenticated())
    shown = peer->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (shown.empty()) return absl::UnauthenticatedError("this takes a certificate, and the caller has shown none");
  return Certificate::Parse({shown.front().data(), shown.front().size()});
}

std::string AddressOf(const std::string& peer) {
  if (peer.rfind("ipv", 0) != 0) return peer;
  return peer.substr(0, peer.rfind(':'));
}

}  // namespace faultline
