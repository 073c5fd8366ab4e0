#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controller/access/records.h"
#include "controller/store/database.h"

namespace faultline {

// The controller's memory of whom it has admitted and sent away. Thread-safe; each call waits for the disk: what was
// written survives the machine. Errors as RunStore's.
class IdentityStore {
 public:
  // `database` must outlive it.
  explicit IdentityStore(Database& database) : database_(database) {}

  absl::StatusOr<std::vector<IssuedCertificate>> Issued();
  absl::StatusOr<std::vector<Revocation>> Revocations();
  absl::StatusOr<std::vector<TokenRecord>> Tokens();
  absl::StatusOr<std::vector<UserRecord>> Users();

  // All or nothing of each:

  // A certificate was made; of its name the `most` that end last are kept. With a token, that has one use less; with a
  // user, its role is kept; with a revocation, the same as Revoke before.
  absl::Status Admit(const IssuedCertificate& certificate, const std::optional<TokenRecord>& token,
                     const std::optional<UserRecord>& user, const std::optional<Revocation>& revocation,
                     std::size_t most);
  // All certificates so far are revoked; a user's role is forgotten, and the tokens for that very user.
  absl::Status Revoke(const Revocation& revocation);
  // Over older states of them.
  absl::Status Put(const TokenRecord& token);
  absl::Status Put(const UserRecord& user);
  // NOT_FOUND.
  absl::Status RemoveToken(absl::string_view id);
  // Forgets certificates and tokens that ended before.
  absl::Status Forget(WallTime before);

 private:
  absl::Status InOne(absl::FunctionRef<absl::Status()> write);
  absl::Status WriteIssued(const IssuedCertificate& certificate, std::size_t most);
  absl::Status WriteRevocation(const Revocation& revocation);
  absl::Status WriteToken(const TokenRecord& token);
  absl::Status WriteUser(const UserRecord& user);
  absl::Status Damaged(absl::string_view what) const;

  Database& database_;
};

}  // namespace faultline
