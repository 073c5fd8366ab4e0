#include "controller/rpc/identity_messages.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/name.h"
#include "common/status.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

google::protobuf::Timestamp ToTimestamp(WallTime time) {
  return google::protobuf::util::TimeUtil::NanosecondsToTimestamp(time.time_since_epoch().count());
}

absl::StatusOr<Role> DecodeRole(const std::string& name) {
  const std::optional<Role> role = RoleNamed(name);
  if (role) return *role;
  return absl::InvalidArgumentError(absl::StrCat("'", name, "' is no role; there are viewer, operator and admin"));
}

absl::StatusOr<IdentityKind> DecodeKind(v1::SubjectKind kind) {
  if (kind == v1::SUBJECT_KIND_NODE) return IdentityKind::kNode;
  if (kind == v1::SUBJECT_KIND_USER) return IdentityKind::kUser;
  return absl::InvalidArgumentError("it is neither a node nor a user");
}

}  // namespace

v1::SubjectKind EncodeKind(IdentityKind kind) {
  return kind == IdentityKind::kUser ? v1::SUBJECT_KIND_USER : v1::SUBJECT_KIND_NODE;
}

v1::Token EncodeToken(const TokenRecord& token) {
  v1::Token message;
  message.set_id(token.id);
  message.set_kind(EncodeKind(token.kind));
  message.set_names(token.names);
  if (token.kind == IdentityKind::kUser) message.set_role(std::string(NameOf(token.role)));
  message.set_uses(static_cast<std::uint32_t>(token.uses));
  message.set_replaces(token.replaces);
  *message.mutable_ends() = ToTimestamp(token.ends);
  message.set_made_by(token.made_by);
  return message;
}

v1::KnownIdentity EncodeKnown(const KnownIdentity& known) {
  v1::KnownIdentity message;
  message.set_kind(EncodeKind(known.identity.kind));
  message.set_name(known.identity.name);
  if (known.identity.kind == IdentityKind::kUser) message.set_role(std::string(NameOf(known.role)));
  message.set_certificates(static_cast<std::uint32_t>(known.certificates));
  if (known.ends) *message.mutable_ends() = ToTimestamp(*known.ends);
  if (known.revoked) *message.mutable_revoked() = ToTimestamp(*known.revoked);
  return message;
}

absl::StatusOr<TokenTerms> DecodeTerms(const v1::CreateTokenRequest& request) {
  const v1::Token& token = request.token();
  TokenTerms terms;
  FAULTLINE_ASSIGN_OR_RETURN(terms.kind, DecodeKind(token.kind()));
  FAULTLINE_ASSIGN_OR_RETURN(terms.lifetime, DecodeDuration(request.lifetime()));
  if (terms.kind == IdentityKind::kUser) {
    FAULTLINE_ASSIGN_OR_RETURN(terms.role, DecodeRole(token.role()));
  }
  terms.names = token.names();
  // What is beyond the bounds stays beyond them.
  terms.uses = static_cast<int>(std::min<std::uint32_t>(token.uses(), Enrolment::kMostUses + 1));
  terms.replaces = token.replaces();
  return terms;
}

absl::StatusOr<Identity> DecodeIdentity(v1::SubjectKind kind, const std::string& name) {
  Identity identity{.kind = IdentityKind::kNode, .name = name};
  FAULTLINE_ASSIGN_OR_RETURN(identity.kind, DecodeKind(kind));
  FAULTLINE_RETURN_IF_ERROR(CheckName(name, identity.kind == IdentityKind::kUser ? "user name" : "node name"));
  return identity;
}

absl::StatusOr<UserRecord> DecodeUser(const v1::SetRoleRequest& request) {
  UserRecord user{.name = request.user()};
  FAULTLINE_RETURN_IF_ERROR(CheckName(user.name, "user name"));
  FAULTLINE_ASSIGN_OR_RETURN(user.role, DecodeRole(request.role()));
  return user;
}

}  // namespace faultline
