#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/access/directory.h"
#include "controller/access/records.h"
#include "controller/store/identity_store.h"

namespace faultline {

// Somebody who was admitted, or has a role.
struct KnownIdentity {
  Identity identity;
  // Of a user.
  Role role = Role::kViewer;
  // Certificates that are good now, and when the last of them ends.
  int certificates = 0;
  std::optional<WallTime> ends;
  // When it was last sent away.
  std::optional<WallTime> revoked;
};

// Whom the controller has admitted and sent away, and which tokens there are: all in memory, and first of all in the
// store. Any thread. What changes something waits for the disk; its errors are the store's, and then nothing has
// changed, but by Revoke.
class Identities : public Directory {
 public:
  // Of each name so many certificates are remembered, those that end last: whoever renews without end fills nothing up.
  // One that is forgotten is refused as one of another authority.
  static constexpr std::size_t kMostOfOne = 4;

  // Both must outlive it.
  static absl::StatusOr<std::unique_ptr<Identities>> Load(const Clock& clock, IdentityStore& store);

  Role RoleOf(const std::string& user) const override;
  // A certificate that this controller has made: whether it was. Another one (an authority of the owner's own): whether
  // somebody of that name was sent away after it began.
  bool IsRevoked(const Identity& identity, const Certificate& certificate) const override;

  // By kind and name.
  std::vector<KnownIdentity> List() const;
  // Whether it has a certificate that is good now.
  bool IsEnrolled(const Identity& identity) const;
  // Of the tokens that have not ended and are not used up.
  std::vector<TokenRecord> Tokens() const;
  // Of all tokens, as long as they are remembered.
  std::optional<TokenRecord> FindToken(const std::string& id) const;

  // A certificate was made, once more for the same as `present`. PERMISSION_DENIED when that was revoked meanwhile.
  absl::Status Renewed(const IssuedCertificate& certificate, const Certificate& present);
  // Whether that name was sent away since the token was made, by Revoke or by one that replaces.
  bool WasSentAwaySince(const TokenRecord& token, const Identity& identity) const;
  // A certificate was made for this token, which has one use less. A user has the token's role from now on; if the
  // token replaces, all earlier certificates are refused. FAILED_PRECONDITION when it is not usable, or the name was
  // sent away meanwhile.
  absl::Status Enrolled(const IssuedCertificate& certificate, const std::string& token_id);
  // Refuses every certificate so far, and forgets a user's role and the tokens for that very user; how many of the
  // certificates were good. All that holds when it calls `refused`, and only then is it stored: an error says that it
  // holds until the controller restarts.
  absl::StatusOr<int> Revoke(
      const Identity& identity, absl::FunctionRef<void()> refused = [] {});
  absl::Status SetRole(const UserRecord& user);
  // It counts as made after all that have been sent away so far, though the calendar was set back.
  absl::Status AddToken(TokenRecord token);
  // NOT_FOUND.
  absl::Status RemoveToken(const std::string& id);
  // Forgets certificates and tokens that ended a day ago.
  absl::Status ForgetOld();

 private:
  using Key = std::pair<IdentityKind, std::string>;

  Identities(const Clock& clock, IdentityStore& store) : clock_(clock), store_(store) {}
  bool IsGood(const IssuedCertificate& certificate) const {
    return !certificate.revoked && certificate.ends > clock_.WallNow();
  }
  bool WasSentAwaySinceLocked(const TokenRecord& token, const Identity& identity) const;
  bool IsRevokedLocked(const Identity& identity, const Certificate& certificate) const;
  // Remembers this one, and forgets what is too many of its name; the store has done so.
  void Remember(const IssuedCertificate& certificate);
  // Now, but not before any token was made, though the calendar was set back.
  WallTime AfterAllTokens() const;
  int RevokeLocked(const Revocation& revocation);
  bool IsUsable(const TokenRecord& token) const { return token.uses > 0 && token.ends > clock_.WallNow(); }

  const Clock& clock_;
  IdentityStore& store_;
  // Held by whatever changes something, until it is stored; taken before mutex_.
  std::mutex changes_;
  mutable std::mutex mutex_;
  // Under mutex_: by fingerprint, by whom, by id and by name.
  std::map<std::string, IssuedCertificate> issued_;
  std::map<Key, WallTime> revocations_;
  std::map<std::string, TokenRecord> tokens_;
  std::map<std::string, Role> users_;
};

}  // namespace faultline
