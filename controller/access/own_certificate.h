#pragma once

#include <string>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/identity/certificate_authority.h"

namespace faultline {

// Keeps the controller's own certificate from ending, while its authority is at hand: with the same key, for the same
// hosts. Not thread-safe.
class OwnCertificate {
 public:
  // How often to look, at least.
  static constexpr Duration kInterval = std::chrono::minutes(10);

  // `certificate_file` and `key_file`: the controller's, both PEM; `validity`: of what is made. `clock` must outlive
  // it.
  OwnCertificate(const Clock& clock, CertificateAuthority authority, std::string certificate_file, std::string key_file,
                 Duration validity);

  // Renews the certificate if two thirds of its time are over, or it has not begun (the calendar was set back), and
  // this authority has signed it. Errors name the file; what was there is left.
  absl::Status RenewIfDue();

 private:
  const Clock& clock_;
  const CertificateAuthority authority_;
  const std::string certificate_file_;
  const std::string key_file_;
  const Duration validity_;
};

}  // namespace faultline
