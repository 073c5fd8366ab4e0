#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/identity/tls_files.h"
#include "controller/access/enrolment.h"
#include "controller/access/identities.h"
#include "controller/access/own_certificate.h"

namespace faultline {

// Where a controller's own certificate and its authority are.
struct OfficeOptions {
  TlsFiles tls;
  // ControllerConfig::authority_key and certificate_validity.
  std::string authority_key;
  Duration validity{};
  // Without TLS nobody can be enrolled.
  bool insecure = false;
};

// Renews a controller's own certificate if it is time, or past, and its authority's key is at hand: for the start,
// before anything is made of that certificate. Without that key, or with `insecure`, nothing is done. Errors name the
// file.
absl::Status RenewOwnCertificate(const Clock& clock, const OfficeOptions& options);

// All that a controller has to admit people and nodes and to send them away, over its database.
class IdentityOffice {
 public:
  // Reads the store, and the authority's key if there is one. Errors name the file. Both must outlive it.
  static absl::StatusOr<std::unique_ptr<IdentityOffice>> Open(const Clock& clock, Database& database,
                                                              const OfficeOptions& options);

  Identities& identities() { return *identities_; }
  // Null when this controller makes no certificates.
  Enrolment* enrolment() { return enrolment_ ? &*enrolment_ : nullptr; }

  // Renews the controller's own certificate when it is time; to be called at next(), from one thread. Errors name the
  // file.
  absl::Status Advance();
  MonotonicTime next() const { return next_; }

 private:
  IdentityOffice(const Clock& clock, Database& database) : clock_(clock), store_(database) {}

  const Clock& clock_;
  IdentityStore store_;
  std::unique_ptr<Identities> identities_;
  std::optional<Enrolment> enrolment_;
  std::optional<OwnCertificate> own_;
  Duration interval_{};
  MonotonicTime next_ = MonotonicTime::max();
};

}  // namespace faultline
