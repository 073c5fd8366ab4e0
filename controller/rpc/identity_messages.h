#pragma once

#include "absl/status/statusor.h"
#include "controller/access/enrolment.h"
#include "faultline/v1/identity.pb.h"

namespace faultline {

// Between what the wire and the controller say of identities. What comes from the wire may be anything:
// INVALID_ARGUMENT says what is wrong.

v1::Token EncodeToken(const TokenRecord& token);
v1::KnownIdentity EncodeKnown(const KnownIdentity& known);
v1::SubjectKind EncodeKind(IdentityKind kind);

absl::StatusOr<TokenTerms> DecodeTerms(const v1::CreateTokenRequest& request);
absl::StatusOr<Identity> DecodeIdentity(v1::SubjectKind kind, const std::string& name);
absl::StatusOr<UserRecord> DecodeUser(const v1::SetRoleRequest& request);

}  // namespace faultline
