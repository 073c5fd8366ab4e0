#include "controller/access/identities.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

// So that those who come late with a token are told that it has ended.
constexpr Duration kRemembered = std::chrono::hours(24);

}  // namespace

absl::StatusOr<std::unique_ptr<Identities>> Identities::Load(const Clock& clock, IdentityStore& store) {
  FAULTLINE_ASSIGN_OR_RETURN(std::vector<IssuedCertificate> issued, store.Issued());
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Revocation> revocations, store.Revocations());
  FAULTLINE_ASSIGN_OR_RETURN(std::vector<TokenRecord> tokens, store.Tokens());
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<UserRecord> users, store.Users());
  auto identities = std::unique_ptr<Identities>(new Identities(clock, store));
  for (IssuedCertificate& certificate : issued) {
    const std::string fingerprint = certificate.fingerprint;
    identities->issued_.emplace(fingerprint, std::move(certificate));
  }
  for (const Revocation& revocation : revocations) {
    identities->revocations_[{revocation.identity.kind, revocation.identity.name}] = revocation.moment;
  }
  for (TokenRecord& token : tokens) {
    const std::string id = token.id;
    identities->tokens_.emplace(id, std::move(token));
  }
  for (const UserRecord& user : users) identities->users_[user.name] = user.role;
  return identities;
}

Role Identities::RoleOf(const std::string& user) const {
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(user);
  return found == users_.end() ? Role::kViewer : found->second;
}

bool Identities::IsRevoked(const Identity& identity, const Certificate& certificate) const {
  const std::lock_guard lock(mutex_);
  return IsRevokedLocked(identity, certificate);
}

bool Identities::IsRevokedLocked(const Identity& identity, const Certificate& certificate) const {
  const auto issued = issued_.find(certificate.Fingerprint());
  if (issued != issued_.end()) return issued->second.revoked;
  const auto revoked = revocations_.find({identity.kind, identity.name});
  return revoked != revocations_.end() && certificate.NotBefore() <= revoked->second;
}

std::vector<KnownIdentity> Identities::List() const {
  const std::lock_guard lock(mutex_);
  std::map<Key, KnownIdentity> known;
  for (const auto& [fingerprint, certificate] : issued_) {
    KnownIdentity& entry = known[{certificate.identity.kind, certificate.identity.name}];
    if (!IsGood(certificate)) continue;
    ++entry.certificates;
    entry.ends = std::max(entry.ends.value_or(certificate.ends), certificate.ends);
  }
  for (const auto& [key, moment] : revocations_) known[key].revoked = moment;
  for (const auto& [name, role] : users_) known[{IdentityKind::kUser, name}].role = role;
  std::vector<KnownIdentity> list;
  for (auto& [key, entry] : known) {
    entry.identity = {.kind = key.first, .name = key.second};
    list.push_back(std::move(entry));
  }
  return list;
}

bool Identities::IsEnrolled(const Identity& identity) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(issued_.begin(), issued_.end(),
                     [&](const auto& entry) { return entry.second.identity == identity && IsGood(entry.second); });
}

std::vector<TokenRecord> Identities::Tokens() const {
  const std::lock_guard lock(mutex_);
  std::vector<TokenRecord> tokens;
  for (const auto& [id, token] : tokens_) {
    if (IsUsable(token)) tokens.push_back(token);
  }
  std::ranges::stable_sort(tokens, {}, &TokenRecord::ends);
  return tokens;
}

std::optional<TokenRecord> Identities::FindToken(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = tokens_.find(id);
  if (found == tokens_.end()) return std::nullopt;
  return found->second;
}

bool Identities::WasSentAwaySince(const TokenRecord& token, const Identity& identity) const {
  const std::lock_guard lock(mutex_);
  return WasSentAwaySinceLocked(token, identity);
}

bool Identities::WasSentAwaySinceLocked(const TokenRecord& token, const Identity& identity) const {
  const auto revoked = revocations_.find({identity.kind, identity.name});
  return revoked != revocations_.end() && token.made <= revoked->second;
}

absl::Status Identities::Renewed(const IssuedCertificate& certificate, const Certificate& present) {
  const std::scoped_lock lock(changes_, mutex_);
  if (IsRevokedLocked(certificate.identity, present)) {
    return absl::PermissionDeniedError(absl::StrCat("'", certificate.identity.name, "' was sent away"));
  }
  FAULTLINE_RETURN_IF_ERROR(store_.Admit(certificate, {}, {}, {}, kMostOfOne));
  Remember(certificate);
  return absl::OkStatus();
}

absl::Status Identities::Enrolled(const IssuedCertificate& certificate, const std::string& token_id) {
  const std::scoped_lock lock(changes_, mutex_);
  const auto found = tokens_.find(token_id);
  if (found == tokens_.end() || !IsUsable(found->second)) {
    return absl::FailedPreconditionError("the token is used up or removed");
  }
  if (WasSentAwaySinceLocked(found->second, certificate.identity)) {
    return absl::FailedPreconditionError(absl::StrCat("'", certificate.identity.name, "' was sent away"));
  }
  TokenRecord token = found->second;
  --token.uses;
  std::optional<UserRecord> user;
  if (token.kind == IdentityKind::kUser) user = {.name = certificate.identity.name, .role = token.role};
  std::optional<Revocation> revocation;
  if (token.replaces) revocation = {.identity = certificate.identity, .moment = AfterAllTokens()};
  FAULTLINE_RETURN_IF_ERROR(store_.Admit(certificate, token, user, revocation, kMostOfOne));
  if (revocation) RevokeLocked(*revocation);
  if (user) users_[user->name] = user->role;
  found->second = token;
  Remember(certificate);
  return absl::OkStatus();
}

absl::StatusOr<int> Identities::Revoke(const Identity& identity, absl::FunctionRef<void()> refused) {
  const std::lock_guard changing(changes_);
  Revocation revocation{.identity = identity};
  int good = 0;
  {
    const std::lock_guard lock(mutex_);
    revocation.moment = AfterAllTokens();
    good = RevokeLocked(revocation);
    if (identity.kind == IdentityKind::kUser) {
      users_.erase(identity.name);
      std::erase_if(tokens_, [&](const auto& entry) {
        return entry.second.kind == IdentityKind::kUser && entry.second.names == identity.name;
      });
    }
  }
  refused();
  const absl::Status stored = store_.Revoke(revocation);
  if (stored.ok()) return good;
  return absl::Status(stored.code(),
                      absl::StrCat("'", identity.name, "' is refused, but only until the controller restarts: that ",
                                   "could not be stored; try again: ", stored.message()));
}

void Identities::Remember(const IssuedCertificate& certificate) {
  issued_.emplace(certificate.fingerprint, certificate);
  std::vector<const IssuedCertificate*> same;
  for (const auto& [fingerprint, other] : issued_) {
    if (other.identity == certificate.identity) same.push_back(&other);
  }
  // As the store orders them.
  std::ranges::sort(same, std::ranges::greater(), [](const IssuedCertificate* other) {
    return std::pair(other->ends, absl::string_view(other->fingerprint));
  });
  for (std::size_t i = kMostOfOne; i < same.size(); ++i) issued_.erase(std::string(same[i]->fingerprint));
}

WallTime Identities::AfterAllTokens() const {
  WallTime moment = clock_.WallNow();
  for (const auto& [id, token] : tokens_) moment = std::max(moment, token.made);
  return moment;
}

int Identities::RevokeLocked(const Revocation& revocation) {
  int good = 0;
  for (auto& [fingerprint, certificate] : issued_) {
    if (certificate.identity != revocation.identity) continue;
    good += IsGood(certificate) ? 1 : 0;
    certificate.revoked = true;
  }
  revocations_[{revocation.identity.kind, revocation.identity.name}] = revocation.moment;
  return good;
}

absl::Status Identities::SetRole(const UserRecord& user) {
  const std::scoped_lock lock(changes_, mutex_);
  FAULTLINE_RETURN_IF_ERROR(store_.Put(user));
  users_[user.name] = user.role;
  return absl::OkStatus();
}

absl::Status Identities::AddToken(TokenRecord token) {
  const std::scoped_lock lock(changes_, mutex_);
  for (const auto& [key, moment] : revocations_) token.made = std::max(token.made, moment + Duration(1));
  FAULTLINE_RETURN_IF_ERROR(store_.Put(token));
  tokens_[token.id] = token;
  return absl::OkStatus();
}

absl::Status Identities::RemoveToken(const std::string& id) {
  const std::scoped_lock lock(changes_, mutex_);
  FAULTLINE_RETURN_IF_ERROR(store_.RemoveToken(id));
  tokens_.erase(id);
  return absl::OkStatus();
}

absl::Status Identities::ForgetOld() {
  const std::scoped_lock lock(changes_, mutex_);
  const WallTime before = clock_.WallNow() - kRemembered;
  FAULTLINE_RETURN_IF_ERROR(store_.Forget(before));
  std::erase_if(issued_, [&](const auto& entry) { return entry.second.ends < before; });
  std::erase_if(tokens_, [&](const auto& entry) { return entry.second.ends < before; });
  return absl::OkStatus();
}

}  // namespace faultline
