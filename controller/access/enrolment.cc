#include "controller/access/enrolment.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/digest.h"
#include "common/duration.h"
#include "common/identity/certificate_request.h"
#include "common/identity/secret.h"
#include "common/identity/token.h"
#include "common/name.h"
#include "common/status.h"
#include "controller/compile/glob.h"

namespace faultline {
namespace {

constexpr std::size_t kLongestPattern = 256;

IssuedCertificate RecordOf(const Identity& identity, const Certificate& certificate) {
  return {.fingerprint = certificate.Fingerprint(),
          .serial = certificate.Serial(),
          .identity = identity,
          .ends = certificate.NotAfter()};
}

absl::Status CheckTerms(const TokenTerms& terms) {
  if (terms.lifetime < Enrolment::kShortestLifetime || terms.lifetime > Enrolment::kLongestLifetime) {
    return absl::InvalidArgumentError(
        absl::StrCat("a token lasts 1s to 720h (30 days), not ", FormatDuration(terms.lifetime)));
  }
  if (terms.uses < 1 || terms.uses > Enrolment::kMostUses) {
    return absl::InvalidArgumentError(
        absl::StrCat("a token has 1 to ", Enrolment::kMostUses, " uses, not ", terms.uses));
  }
  if (terms.kind == IdentityKind::kUser) return CheckName(terms.names, "user name");
  if (terms.names.size() > kLongestPattern) return absl::InvalidArgumentError("the pattern of node names is too long");
  return absl::OkStatus();
}

}  // namespace

Enrolment::Enrolment(const Clock& clock, Identities& identities, CertificateAuthority authority, Duration validity)
    : clock_(clock), identities_(identities), authority_(std::move(authority)), validity_(validity) {}

absl::StatusOr<std::string> Enrolment::CreateToken(const TokenTerms& terms, const std::string& made_by) {
  FAULTLINE_RETURN_IF_ERROR(CheckTerms(terms));
  FAULTLINE_RETURN_IF_ERROR(identities_.ForgetOld());
  const WallTime now = clock_.WallNow();
  FAULTLINE_ASSIGN_OR_RETURN(const EnrolmentToken token, EnrolmentToken::Make(authority().Fingerprint()));
  FAULTLINE_RETURN_IF_ERROR(identities_.AddToken({.id = token.id,
                                                  .digest = token.Digest(),
                                                  .kind = terms.kind,
                                                  .names = terms.names,
                                                  .role = terms.role,
                                                  .uses = terms.uses,
                                                  .replaces = terms.replaces,
                                                  .made = now,
                                                  .ends = now + terms.lifetime,
                                                  .made_by = made_by}));
  return token.ToText();
}

absl::StatusOr<Admitted> Enrolment::Enroll(absl::string_view token_text, absl::string_view name,
                                           absl::string_view request, const std::string& from,
                                           EnrolmentRecorder record) {
  const std::lock_guard lock(mutex_);
  FAULTLINE_ASSIGN_OR_RETURN(const TokenRecord token, CheckToken(token_text, from));
  const bool user = token.kind == IdentityKind::kUser;
  const Identity identity{.kind = token.kind, .name = std::string(user && name.empty() ? token.names : name)};
  FAULTLINE_RETURN_IF_ERROR(CheckName(identity.name, user ? "user name" : "node name"));
  const bool meant =
      user ? identity.name == token.names : token.names.empty() || GlobMatches(token.names, identity.name);
  if (!meant) {
    return absl::PermissionDeniedError(absl::StrCat("the token is for ", user ? "the user '" : "nodes like '",
                                                    token.names, "', not for '", identity.name, "'"));
  }
  if (identities_.WasSentAwaySince(token, identity)) {
    return absl::PermissionDeniedError(
        absl::StrCat("the token was made before '", identity.name, "' was sent away or replaced; make a new token"));
  }
  if (!token.replaces && identities_.IsEnrolled(identity)) {
    return absl::AlreadyExistsError(absl::StrCat(
        "'", identity.name, "' is enrolled; revoke it first, or make the token with --replace if it is made anew"));
  }
  FAULTLINE_ASSIGN_OR_RETURN(const Certificate certificate, Issue(identity, request));
  FAULTLINE_RETURN_IF_ERROR(record(identity, token));
  FAULTLINE_RETURN_IF_ERROR(identities_.Enrolled(RecordOf(identity, certificate), token.id));
  return ToAdmitted(identity, certificate, token.replaces);
}

absl::StatusOr<Admitted> Enrolment::Renew(const Identity& identity, const Certificate& present,
                                          absl::string_view request, RenewalRecorder record) {
  if (identity.kind != IdentityKind::kNode) {
    return absl::PermissionDeniedError("only a node's certificate is renewed; a user logs in again with a new token");
  }
  // A connection may have outlived it.
  const WallTime now = clock_.WallNow();
  if (now >= present.NotAfter()) return absl::UnauthenticatedError("the certificate has ended");
  if (now < present.NotBefore() + (present.NotAfter() - present.NotBefore()) / 2) {
    return absl::FailedPreconditionError("the certificate is renewed when half of its time is over");
  }
  FAULTLINE_ASSIGN_OR_RETURN(const CertificateRequest read, CertificateRequest::Parse(request));
  if (!present.IsOfKey(read.public_key())) {
    return absl::InvalidArgumentError("a certificate is renewed for the key that it is of; enrol again for another");
  }
  const std::lock_guard lock(mutex_);
  if (identities_.IsRevoked(identity, present)) {
    return absl::PermissionDeniedError(absl::StrCat("'", identity.name, "' was sent away"));
  }
  const MonotonicTime moment = clock_.Now();
  const auto last = renewed_.find(identity.name);
  if (last != renewed_.end() && moment - last->second < RenewalPause()) {
    return absl::ResourceExhaustedError("the node was given a certificate just now; try again in a minute");
  }
  FAULTLINE_ASSIGN_OR_RETURN(const Certificate certificate, Issue(identity, request));
  FAULTLINE_RETURN_IF_ERROR(record(certificate.NotAfter()));
  FAULTLINE_RETURN_IF_ERROR(identities_.Renewed(RecordOf(identity, certificate), present));
  renewed_[identity.name] = moment;
  FAULTLINE_RETURN_IF_ERROR(identities_.ForgetOld());
  return ToAdmitted(identity, certificate, /*replaced=*/false);
}

absl::StatusOr<TokenRecord> Enrolment::CheckToken(absl::string_view text, const std::string& from) {
  const absl::StatusOr<EnrolmentToken> token = EnrolmentToken::Parse(text);
  const std::optional<TokenRecord> record = token.ok() ? identities_.FindToken(token->id) : std::nullopt;
  // Compared with something in any case: how long that takes is not to tell which ids there are.
  const bool known = SameSecret(token.ok() ? token->Digest() : "", record ? record->digest : Sha256Hex(""));
  if (!known || !record) {
    const MonotonicTime now = clock_.Now();
    const std::string origin = AttemptLimit::OriginOf(from);
    FAULTLINE_RETURN_IF_ERROR(attempts_.Check(origin, now));
    attempts_.Failed(origin, now);
    return absl::UnauthenticatedError("the token is not one of this controller, or was removed");
  }
  if (record->ends <= clock_.WallNow()) return absl::PermissionDeniedError("the token has ended; ask for another one");
  if (record->uses < 1) return absl::PermissionDeniedError("the token is used up; ask for another one");
  return *record;
}

Duration Enrolment::RenewalPause() const {
  constexpr Duration kLongest = std::chrono::minutes(1);
  return std::min(kLongest, validity_ / 100);
}

absl::StatusOr<Certificate> Enrolment::Issue(const Identity& identity, absl::string_view request) const {
  FAULTLINE_ASSIGN_OR_RETURN(const CertificateRequest read, CertificateRequest::Parse(request));
  return authority_.Issue(read.public_key(),
                          {.identity = identity, .hosts = {}, .from = clock_.WallNow(), .validity = validity_});
}

Admitted Enrolment::ToAdmitted(const Identity& identity, const Certificate& certificate, bool replaced) const {
  return {.identity = identity,
          .certificates = absl::StrCat(certificate.ToPem(), authority().ToPem()),
          .replaced = replaced};
}

}  // namespace faultline
