#include "controller/rpc/caller_gate.h"

#include <grpc/grpc_security_constants.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/local_pass.h"
#include "common/status.h"

namespace faultline {
namespace {

enum class Transport { kTls, kLocal, kPlaintext };

Transport TransportOf(const grpc::ServerContextBase& context) {
  const auto types = context.auth_context()->FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  if (!types.empty() &&
      (types.front() == GRPC_TLS_TRANSPORT_SECURITY_TYPE || types.front() == GRPC_SSL_TRANSPORT_SECURITY_TYPE)) {
    return Transport::kTls;
  }
  return absl::StartsWith(context.peer(), "unix:") ? Transport::kLocal : Transport::kPlaintext;
}

absl::Status NoProof() { return absl::UnauthenticatedError("nothing is known of who calls"); }

std::string Describe(const Identity& identity) {
  switch (identity.kind) {
    case IdentityKind::kNode:
      return absl::StrCat("node '", identity.name, "'");
    case IdentityKind::kUser:
      return absl::StrCat("user '", identity.name, "'");
    case IdentityKind::kController:
      break;
  }
  return "a controller";
}

}  // namespace

// A certificate that counts, and whom it speaks for.
struct CallerGate::Proven {
  Identity identity;
  WallTime until;
};

absl::StatusOr<Principal> CallerGate::Identify(const grpc::ServerContextBase& context) const {
  switch (TransportOf(context)) {
    case Transport::kLocal: {
      FAULTLINE_ASSIGN_OR_RETURN(const LocalUser user, ReadPass(context));
      return Principal{.name = user.name, .role = user.role, .from = context.peer()};
    }
    case Transport::kPlaintext:
      if (!options_.insecure) return NoProof();
      return Principal{.name = "anonymous", .role = Role::kAdmin, .from = context.peer()};
    case Transport::kTls:
      break;
  }
  FAULTLINE_ASSIGN_OR_RETURN(const Proven proven, ReadCertificate(context, IdentityKind::kUser));
  if (proven.identity.kind != IdentityKind::kUser) {
    return absl::PermissionDeniedError(
        absl::StrCat("the certificate is of ", Describe(proven.identity), ", and only a user's may call"));
  }
  return Principal{.name = proven.identity.name,
                   .role = directory_.RoleOf(proven.identity.name),
                   .enrolled = true,
                   .from = context.peer()};
}

absl::StatusOr<NodeProof> CallerGate::IdentifyNode(const grpc::ServerContextBase& context) const {
  switch (TransportOf(context)) {
    case Transport::kLocal: {
      FAULTLINE_ASSIGN_OR_RETURN(const LocalUser user, ReadPass(context));
      if (IsOwnUser(user.uid)) return NodeProof();
      return absl::PermissionDeniedError(
          absl::StrCat("'", user.name, "' may not speak for a node here: only root and the controller's user may"));
    }
    case Transport::kPlaintext:
      if (!options_.insecure) return NoProof();
      return NodeProof();
    case Transport::kTls:
      break;
  }
  FAULTLINE_ASSIGN_OR_RETURN(const Proven proven, ReadCertificate(context, IdentityKind::kNode));
  if (proven.identity.kind != IdentityKind::kNode) {
    return absl::PermissionDeniedError(
        absl::StrCat("the certificate is of ", Describe(proven.identity), ", and only a node's may open a session"));
  }
  return NodeProof{.node = NodeName(proven.identity.name), .until = proven.until};
}

absl::StatusOr<CallerGate::Proven> CallerGate::ReadCertificate(const grpc::ServerContextBase& context,
                                                               IdentityKind otherwise) const {
  const auto pems = context.auth_context()->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (pems.empty()) return absl::UnauthenticatedError("there is no client certificate");
  const absl::string_view pem(pems.front().data(), pems.front().size());
  const absl::StatusOr<Certificate> certificate = Certificate::Parse(pem);
  if (!certificate.ok()) return absl::UnauthenticatedError(certificate.status().message());
  // A connection may have outlived it.
  if (clock_.WallNow() >= certificate->NotAfter()) return absl::UnauthenticatedError("the certificate has ended");
  absl::StatusOr<Identity> identity = certificate->SubjectIdentity();
  if (absl::IsNotFound(identity.status()) && options_.names == CertificateNames::kCommonName) {
    const std::string name = certificate->CommonName();
    const absl::Status fits = CheckName(name, "common name");
    if (!fits.ok()) return absl::UnauthenticatedError(absl::StrCat("the certificate names nobody: ", fits.message()));
    identity = Identity{.kind = otherwise, .name = name};
  }
  if (!identity.ok()) return absl::UnauthenticatedError(identity.status().message());
  if (directory_.IsRevoked(*identity, *certificate)) {
    return absl::PermissionDeniedError(
        absl::StrCat("the certificate ", certificate->Serial(), " of ", Describe(*identity), " has been revoked"));
  }
  return Proven{.identity = *std::move(identity), .until = certificate->NotAfter()};
}

absl::StatusOr<LocalUser> CallerGate::ReadPass(const grpc::ServerContextBase& context) const {
  const auto& metadata = context.client_metadata();
  const auto shown = metadata.find(kPassKey);
  if (shown == metadata.end()) {
    return absl::UnauthenticatedError(
        "a call through the Unix socket needs the pass that the one beside it, with .login after its name, gives");
  }
  const auto user = passes_.HolderOf({shown->second.data(), shown->second.size()});
  if (!user) return absl::UnauthenticatedError("the pass is not one of this controller's, or no longer");
  return *user;
}

}  // namespace faultline
