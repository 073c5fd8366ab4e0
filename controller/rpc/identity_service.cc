#include "controller/rpc/identity_service.h"

#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"
#include "common/identity/token.h"
#include "common/rpc/status.h"
#include "common/status.h"
#include "controller/rpc/identity_messages.h"
#include "controller/rpc/peer_certificate.h"

namespace faultline {
namespace {

absl::Status NoAuthority() {
  return absl::FailedPreconditionError(
      "this controller makes no certificates: it has no authority's key, or runs with --insecure");
}

// A token's id, of that or of its whole text.
std::string IdOf(const std::string& text) {
  const absl::StatusOr<EnrolmentToken> token = EnrolmentToken::Parse(text);
  return token.ok() ? token->id : text;
}

}  // namespace

grpc::Status IdentityService::Enroll(grpc::ServerContext* context, const v1::EnrollRequest* request,
                                     v1::EnrollResponse* response) {
  absl::StatusOr<Admitted> admitted = Admit(context->peer(), *request);
  if (!admitted.ok()) {
    // Who floods is not to fill the log.
    const bool limited = absl::IsResourceExhausted(admitted.status());
    if (!limited) spdlog::warn("{} was not enrolled: {}", context->peer(), std::string(admitted.status().message()));
    return ToGrpc(admitted.status());
  }
  const Principal who = {.name = IdentityUri(admitted->identity), .from = context->peer()};
  const absl::Status recorded = parts_.admission.Record(who, "enroll", IdOf(request->token()));
  if (!recorded.ok()) return ToGrpc(recorded);
  spdlog::info("enrolled {} from {}", who.name, context->peer());
  response->set_certificates(std::move(admitted->certificates));
  return grpc::Status::OK;
}

absl::StatusOr<Admitted> IdentityService::Admit(const std::string& peer, const v1::EnrollRequest& request) {
  if (parts_.enrolment == nullptr) return NoAuthority();
  FAULTLINE_ASSIGN_OR_RETURN(
      Admitted admitted,
      parts_.enrolment->Enroll(request.token(), request.name(), request.certificate_request(), AddressOf(peer)));
  if (admitted.replaced && admitted.identity.kind == IdentityKind::kNode) {
    parts_.end_session(admitted.identity.name, absl::UnauthenticatedError("the node was enrolled anew"));
  }
  return admitted;
}

grpc::Status IdentityService::Renew(grpc::ServerContext* context, const v1::RenewRequest* request,
                                    v1::RenewResponse* response) {
  absl::StatusOr<Admitted> admitted = RenewFor(*context, *request);
  if (!admitted.ok()) {
    spdlog::warn("{} was not renewed: {}", context->peer(), std::string(admitted.status().message()));
    return ToGrpc(admitted.status());
  }
  spdlog::info("renewed {} from {}", IdentityUri(admitted->identity), context->peer());
  response->set_certificates(std::move(admitted->certificates));
  return grpc::Status::OK;
}

absl::StatusOr<Admitted> IdentityService::RenewFor(const grpc::ServerContext& context,
                                                   const v1::RenewRequest& request) {
  if (parts_.enrolment == nullptr) return NoAuthority();
  FAULTLINE_ASSIGN_OR_RETURN(const Certificate present, PeerCertificate(context));
  FAULTLINE_ASSIGN_OR_RETURN(const Identity identity, present.SubjectIdentity());
  if (identity.kind == IdentityKind::kController) {
    return absl::PermissionDeniedError("a controller's certificate is renewed by the controller");
  }
  return parts_.enrolment->Renew(identity, present, request.certificate_request());
}

grpc::Status IdentityService::CreateToken(grpc::ServerContext* context, const v1::CreateTokenRequest* request,
                                          v1::CreateTokenResponse* response) {
  const auto caller = parts_.admission.Admit(*context, Role::kAdmin, "create a token");
  if (!caller.ok()) return ToGrpc(caller.status());
  absl::StatusOr<v1::CreateTokenResponse> made = MakeToken(*request, caller->name);
  if (!made.ok()) return ToGrpc(made.status());
  const absl::Status recorded = parts_.admission.Record(*caller, "create a token", made->token().id());
  if (!recorded.ok()) {
    parts_.identities.RemoveToken(made->token().id()).IgnoreError();
    return ToGrpc(recorded);
  }
  spdlog::info("token {} was made by {}", made->token().id(), caller->name);
  *response = *std::move(made);
  return grpc::Status::OK;
}

absl::StatusOr<v1::CreateTokenResponse> IdentityService::MakeToken(const v1::CreateTokenRequest& request,
                                                                   const std::string& made_by) {
  if (parts_.enrolment == nullptr) return NoAuthority();
  FAULTLINE_ASSIGN_OR_RETURN(const TokenTerms terms, DecodeTerms(request));
  v1::CreateTokenResponse response;
  FAULTLINE_ASSIGN_OR_RETURN(*response.mutable_text(), parts_.enrolment->CreateToken(terms, made_by));
  const std::optional<TokenRecord> record = parts_.identities.FindToken(IdOf(response.text()));
  if (record) *response.mutable_token() = EncodeToken(*record);
  return response;
}

grpc::Status IdentityService::ListTokens(grpc::ServerContext* context, const v1::ListTokensRequest*,
                                         v1::ListTokensResponse* response) {
  const auto caller = parts_.admission.Admit(*context, Role::kAdmin, "list tokens");
  if (!caller.ok()) return ToGrpc(caller.status());
  for (const TokenRecord& token : parts_.identities.Tokens()) *response->add_tokens() = EncodeToken(token);
  return grpc::Status::OK;
}

grpc::Status IdentityService::RemoveToken(grpc::ServerContext* context, const v1::RemoveTokenRequest* request,
                                          v1::RemoveTokenResponse*) {
  const auto caller = parts_.admission.Admit(*context, Role::kAdmin, "remove a token");
  if (!caller.ok()) return ToGrpc(caller.status());
  // What makes things safer is done whether it can be recorded or not.
  parts_.admission.Record(*caller, "remove a token", IdOf(request->id())).IgnoreError();
  return ToGrpc(parts_.identities.RemoveToken(IdOf(request->id())));
}

grpc::Status IdentityService::ListIdentities(grpc::ServerContext* context, const v1::ListIdentitiesRequest* request,
                                             v1::ListIdentitiesResponse* response) {
  const auto caller = parts_.admission.Admit(*context, Role::kViewer, "list nodes and users");
  if (!caller.ok()) return ToGrpc(caller.status());
  for (const KnownIdentity& known : parts_.identities.List()) {
    const bool asked =
        request->kind() == v1::SUBJECT_KIND_UNSPECIFIED || request->kind() == EncodeKind(known.identity.kind);
    if (asked) *response->add_identities() = EncodeKnown(known);
  }
  return grpc::Status::OK;
}

grpc::Status IdentityService::Revoke(grpc::ServerContext* context, const v1::RevokeRequest* request,
                                     v1::RevokeResponse* response) {
  const auto caller = parts_.admission.Admit(*context, Role::kAdmin, "revoke certificates");
  if (!caller.ok()) return ToGrpc(caller.status());
  const absl::StatusOr<Identity> identity = DecodeIdentity(request->kind(), request->name());
  if (!identity.ok()) return ToGrpc(identity.status());
  parts_.admission.Record(*caller, "revoke certificates", IdentityUri(*identity)).IgnoreError();
  const absl::StatusOr<int> good = parts_.identities.Revoke(*identity);
  if (!good.ok()) return ToGrpc(good.status());
  response->set_certificates(static_cast<std::uint32_t>(*good));
  if (identity->kind == IdentityKind::kNode) {
    const absl::Status reason = absl::UnauthenticatedError(absl::StrCat("the node was revoked by ", caller->name));
    response->set_session_ended(parts_.end_session(identity->name, reason));
  }
  spdlog::warn("{} was revoked by {}", IdentityUri(*identity), caller->name);
  return grpc::Status::OK;
}

grpc::Status IdentityService::SetRole(grpc::ServerContext* context, const v1::SetRoleRequest* request,
                                      v1::SetRoleResponse*) {
  const auto caller = parts_.admission.Admit(*context, Role::kAdmin, "change a user's role");
  if (!caller.ok()) return ToGrpc(caller.status());
  const absl::StatusOr<UserRecord> user = DecodeUser(*request);
  if (!user.ok()) return ToGrpc(user.status());
  const std::string detail = absl::StrCat(user->name, " is ", NameOf(user->role));
  const absl::Status recorded = parts_.admission.Record(*caller, "change a user's role", detail);
  if (!recorded.ok()) return ToGrpc(recorded);
  spdlog::info("{} made '{}' {}", caller->name, user->name, std::string(NameOf(user->role)));
  return ToGrpc(parts_.identities.SetRole(*user));
}

}  // namespace faultline
