#pragma once

#include <optional>

#include "common/clock.h"
#include "common/name.h"
#include "controller/access/directory.h"
#include "controller/access/pass_book.h"
#include "controller/rpc/gate.h"

namespace faultline {

// What in a certificate says whom it speaks for.
enum class CertificateNames {
  // Only Faultline's own URI (common/identity/identity.h).
  kFaultline,
  // That, or else the common name, of a CA that cannot write such URIs: a node's in a session, a user's in a call. Such
  // a node may thus see what a viewer sees.
  kCommonName,
};

struct GateOptions {
  CertificateNames names = CertificateNames::kFaultline;
  // Whether the controller was told to listen without TLS: everybody is admin there.
  bool insecure = false;
};

// Which node is at the other end of a session, as far as that was proven. A value.
struct NodeProof {
  // Absent: of any name, without TLS or on the controller's own host as its user.
  std::optional<NodeName> node;
  // When the proof ends.
  WallTime until = WallTime::max();
};

// Tells callers apart by their certificates, or on the Unix socket by their passes; without TLS not at all.
class CallerGate : public Gate {
 public:
  // All must outlive it.
  CallerGate(const Clock& clock, const Directory& directory, const PassBook& passes, const GateOptions& options)
      : clock_(clock), directory_(directory), passes_(passes), options_(options) {}

  // UNAUTHENTICATED when there is no proof or it has ended, PERMISSION_DENIED to nodes and who has been sent away.
  absl::StatusOr<Principal> Identify(const grpc::ServerContextBase& context) const override;

  // The same of who opens a session: only nodes may.
  absl::StatusOr<NodeProof> IdentifyNode(const grpc::ServerContextBase& context) const;

 private:
  struct Proven;

  absl::StatusOr<Proven> ReadCertificate(const grpc::ServerContextBase& context, IdentityKind otherwise) const;
  absl::StatusOr<LocalUser> ReadPass(const grpc::ServerContextBase& context) const;

  const Clock& clock_;
  const Directory& directory_;
  const PassBook& passes_;
  const GateOptions options_;
};

}  // namespace faultline
