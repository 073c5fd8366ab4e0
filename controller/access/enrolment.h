#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/identity/certificate_authority.h"
#include "controller/access/attempt_limit.h"
#include "controller/access/identities.h"

namespace faultline {

// What a token is to be.
struct TokenTerms {
  IdentityKind kind = IdentityKind::kNode;
  // As TokenRecord::names; empty: any node.
  std::string names;
  Role role = Role::kViewer;
  int uses = 1;
  bool replaces = false;
  Duration lifetime = std::chrono::hours(1);
};

// A certificate that was made, and whose.
struct Admitted {
  Identity identity;
  // PEM: the certificate, and then the authority's.
  std::string certificates;
  // Earlier ones of the same name have just been refused: a session with one is to end.
  bool replaced = false;
};

// Told who is about to be enrolled, by which token; an error stops it.
using EnrolmentRecorder = absl::FunctionRef<absl::Status(const Identity&, const TokenRecord&)>;

// Told until when a certificate would be good that is about to be given; an error stops it.
using RenewalRecorder = absl::FunctionRef<absl::Status(WallTime)>;

// Makes tokens, trades them for certificates, and renews these. Any thread. `identities` and `clock` must outlive it.
class Enrolment {
 public:
  static constexpr Duration kShortestLifetime = std::chrono::seconds(1);
  static constexpr Duration kLongestLifetime = std::chrono::hours(24 * 30);
  static constexpr int kMostUses = 10'000;

  // `validity`: of every certificate.
  Enrolment(const Clock& clock, Identities& identities, CertificateAuthority authority, Duration validity);

  // The token's text, which is told this once; `made_by` is whoever asked. INVALID_ARGUMENT for terms out of bounds.
  absl::StatusOr<std::string> CreateToken(const TokenTerms& terms, const std::string& made_by);

  // UNAUTHENTICATED when the token is unknown, RESOURCE_EXHAUSTED when besides too many such have come; a known one is
  // never refused for those. PERMISSION_DENIED when it has ended, is used up, not for this name, or was made before
  // that was sent away, ALREADY_EXISTS when the name is enrolled, INVALID_ARGUMENT for a malformed name or request, or
  // what `record` says, which is called when nothing else is in the way, and before anything is changed. Only what
  // succeeds uses up the token. `from`: the address that asks.
  absl::StatusOr<Admitted> Enroll(
      absl::string_view token, absl::string_view name, absl::string_view request, const std::string& from,
      EnrolmentRecorder record = [](const Identity&, const TokenRecord&) { return absl::OkStatus(); });
  // For a node that has shown `present`, which was seen to be good. INVALID_ARGUMENT for a malformed request or one of
  // another key, UNAUTHENTICATED when it has ended, FAILED_PRECONDITION when half of its time is not over yet,
  // RESOURCE_EXHAUSTED when the node was given one just now, PERMISSION_DENIED when it was revoked meanwhile, or is
  // none of a node, or what `record` says, which is called when nothing else is in the way, and before anything is
  // changed.
  absl::StatusOr<Admitted> Renew(
      const Identity& identity, const Certificate& present, absl::string_view request,
      RenewalRecorder record = [](WallTime) { return absl::OkStatus(); });

  const Certificate& authority() const { return authority_.certificate(); }

 private:
  absl::StatusOr<TokenRecord> CheckToken(absl::string_view text, const std::string& from);
  // How long a node has to wait for its next certificate.
  Duration RenewalPause() const;
  absl::StatusOr<Certificate> Issue(const Identity& identity, absl::string_view request) const;
  Admitted ToAdmitted(const Identity& identity, const Certificate& certificate, bool replaced) const;

  const Clock& clock_;
  Identities& identities_;
  const CertificateAuthority authority_;
  const Duration validity_;
  // One enrolment after the other: each must see what the one before has done.
  std::mutex mutex_;
  // Under mutex_.
  AttemptLimit attempts_;
  // When each node was renewed last: as many as have enrolled.
  std::unordered_map<std::string, MonotonicTime> renewed_;
};

}  // namespace faultline
