#include "controller/rpc/identity_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/identity/token.h"
#include "common/log/log.h"
#include "common/name.h"
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

absl::string_view KindText(IdentityKind kind) { return kind == IdentityKind::kUser ? "user" : "node"; }

std::string FormatUntil(WallTime until) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromChrono(until), absl::UTCTimeZone());
}

// For the audit log.
std::string TermsText(const TokenRecord& token) {
  const std::string names = token.names.empty() ? "any" : absl::StrCat("'", token.names, "'");
  const std::string role = token.kind == IdentityKind::kUser ? absl::StrCat(", role ", NameOf(token.role)) : "";
  return absl::StrCat(token.id, ": ", KindText(token.kind), " ", names, role, ", uses ", token.uses,
                      token.replaces ? ", --replace" : "");
}

}  // namespace

grpc::Status IdentityService::Enroll(grpc::ServerContext* context, const v1::EnrollRequest* request,
                                     v1::EnrollResponse* response) {
  absl::StatusOr<Admitted> admitted = Admit(context->peer(), *request);
  if (!admitted.ok()) {
    RecordNotEnrolled(context->peer(), *request, admitted.status());
    return ToGrpc(admitted.status());
  }
  LogInfo(absl::StrCat("enrolled ", IdentityUri(admitted->identity), " from ", context->peer()));
  response->set_certificates(std::move(admitted->certificates));
  return grpc::Status::OK;
}

absl::StatusOr<Admitted> IdentityService::Admit(const std::string& peer, const v1::EnrollRequest& request) {
  if (parts_.enrolment == nullptr) return NoAuthority();
  const auto record = [&](const Identity& identity, const TokenRecord& token) {
    const std::string detail = absl::StrCat("token ", token.id, ": ", KindText(token.kind), " '", identity.name, "'",
                                            token.replaces ? ", --replace" : "");
    return parts_.admission.Record({.name = IdentityUri(identity), .from = peer}, "enroll", detail);
  };
  FAULTLINE_ASSIGN_OR_RETURN(Admitted admitted,
                             parts_.enrolment->Enroll(request.token(), request.name(), request.certificate_request(),
                                                      AddressOf(peer), record));
  if (admitted.replaced && admitted.identity.kind == IdentityKind::kNode) {
    parts_.end_session(admitted.identity.name, absl::UnauthenticatedError("the node was enrolled anew"));
  }
  return admitted;
}

void IdentityService::RecordNotEnrolled(const std::string& peer, const v1::EnrollRequest& request,
                                        const absl::Status& why) {
  const std::optional<std::string> more = not_enrolled_.Take();
  if (!more) return;
  const std::string text = absl::StrCat(why.message(), *more);
  LogWarning(absl::StrCat(peer, " was not enrolled: ", text));
  const absl::StatusOr<EnrolmentToken> token = EnrolmentToken::Parse(request.token());
  const std::string name = CheckName(request.name(), "name").ok() ? absl::StrCat(" '", request.name(), "'") : "";
  // What the controller itself could not do is no refusal.
  const bool failed = absl::IsInternal(why) || absl::IsDataLoss(why);
  parts_.admission.RecordError({.from = peer}, "enroll", absl::StrCat("token ", token.ok() ? token->id : "none", name),
                               failed ? absl::InternalError(text) : absl::PermissionDeniedError(text));
}

grpc::Status IdentityService::Renew(grpc::ServerContext* context, const v1::RenewRequest* request,
                                    v1::RenewResponse* response) {
  absl::StatusOr<Admitted> admitted = RenewFor(*context, *request);
  if (!admitted.ok()) {
    RecordNotRenewed(*context, admitted.status());
    return ToGrpc(admitted.status());
  }
  LogInfo(absl::StrCat("renewed ", IdentityUri(admitted->identity), " from ", context->peer()));
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
  const auto record = [&](WallTime until) {
    return parts_.admission.Record(
        {.name = IdentityUri(identity), .from = context.peer()}, "renew a certificate",
        absl::StrCat(KindText(identity.kind), " '", identity.name, "' until ", FormatUntil(until)));
  };
  return parts_.enrolment->Renew(identity, present, request.certificate_request(), record);
}

void IdentityService::RecordNotRenewed(const grpc::ServerContext& context, const absl::Status& why) {
  const std::optional<std::string> more = not_renewed_.Take();
  if (!more) return;
  const std::string text = absl::StrCat(why.message(), *more);
  LogWarning(absl::StrCat(context.peer(), " was not renewed: ", text));
  const absl::StatusOr<Certificate> present = PeerCertificate(context);
  const absl::StatusOr<Identity> identity = present.ok() ? present->SubjectIdentity() : present.status();
  parts_.admission.RecordError({.name = identity.ok() ? IdentityUri(*identity) : "", .from = context.peer()},
                               "renew a certificate", "", absl::PermissionDeniedError(text));
}

grpc::Status IdentityService::CreateToken(grpc::ServerContext* context, const v1::CreateTokenRequest* request,
                                          v1::CreateTokenResponse* response) {
  const auto caller = parts_.admission.Admit(*context, Role::kAdmin, "create a token");
  if (!caller.ok()) return ToGrpc(caller.status());
  absl::StatusOr<v1::CreateTokenResponse> made = MakeToken(*request, *caller);
  if (!made.ok()) return ToGrpc(made.status());
  LogInfo(absl::StrCat("token ", made->token().id(), " was made by ", caller->name));
  *response = *std::move(made);
  return grpc::Status::OK;
}

absl::StatusOr<v1::CreateTokenResponse> IdentityService::MakeToken(const v1::CreateTokenRequest& request,
                                                                   const Principal& caller) {
  if (parts_.enrolment == nullptr) return NoAuthority();
  FAULTLINE_ASSIGN_OR_RETURN(const TokenTerms terms, DecodeTerms(request));
  v1::CreateTokenResponse response;
  FAULTLINE_ASSIGN_OR_RETURN(*response.mutable_text(), parts_.enrolment->CreateToken(terms, caller.name));
  const std::optional<TokenRecord> record = parts_.identities.FindToken(IdOf(response.text()));
  if (!record) return absl::AbortedError("the token was removed while it was made");
  const absl::Status recorded = parts_.admission.Record(caller, "create a token", TermsText(*record));
  if (!recorded.ok()) {
    parts_.identities.RemoveToken(record->id).IgnoreError();
    return recorded;
  }
  *response.mutable_token() = EncodeToken(*record);
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
  const std::string uri = IdentityUri(*identity);
  const auto end_session = [&] {
    if (identity->kind == IdentityKind::kNode) {
      const absl::Status reason = absl::UnauthenticatedError(absl::StrCat("the node was revoked by ", caller->name));
      response->set_session_ended(parts_.end_session(identity->name, reason));
    }
    // What makes things safer is done whether it can be recorded or not.
    parts_.admission.Record(*caller, "revoke certificates", uri).IgnoreError();
  };
  const absl::StatusOr<int> good = parts_.identities.Revoke(*identity, end_session);
  if (!good.ok()) {
    LogError(absl::StrCat(uri, " was revoked by ", caller->name, ": ", good.status().message()));
    parts_.admission.RecordError(*caller, "revoke certificates", uri, good.status());
    return ToGrpc(good.status());
  }
  response->set_certificates(static_cast<std::uint32_t>(*good));
  LogWarning(absl::StrCat(uri, " was revoked by ", caller->name));
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
  LogInfo(absl::StrCat(caller->name, " made '", user->name, "' ", NameOf(user->role)));
  return ToGrpc(parts_.identities.SetRole(*user));
}

}  // namespace faultline
