#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/identity/certificate.h"
#include "common/identity/private_key.h"

namespace faultline {

// What a certificate is to say.
struct CertificateTerms {
  Identity identity;
  // DNS names and IP addresses of a controller; none of others.
  std::vector<std::string> hosts;
  // From when, and for how long. It counts a little earlier already, as clocks differ: five minutes, or a tenth of
  // `validity` if that is less.
  WallTime from;
  Duration validity{};
};

// When a certificate is to be renewed: two thirds of its time are over then.
WallTime RenewalOf(const Certificate& certificate);

// Makes certificates: its own, and with it and its key those of others. A value. Thread-safe.
class CertificateAuthority {
 public:
  static constexpr Duration kOwnValidity = std::chrono::hours(24 * 3650);

  // A new one, which signs itself and no other authorities.
  static absl::StatusOr<CertificateAuthority> Create(WallTime now);
  // One that is there. INVALID_ARGUMENT when either does not read, the key is not the certificate's, or that is none of
  // an authority.
  static absl::StatusOr<CertificateAuthority> Open(absl::string_view certificate_pem, absl::string_view key_pem);

  // A certificate for whoever has the private half of `public_key`: to be a client, of a controller to be a server. Its
  // end is at most the authority's own. FAILED_PRECONDITION when that has come, INVALID_ARGUMENT when a host is neither
  // a DNS name nor an address.
  absl::StatusOr<Certificate> Issue(EVP_PKEY* public_key, const CertificateTerms& terms) const;

  // Whether the signature on a certificate is this authority's.
  bool HasSigned(const Certificate& certificate) const;

  const Certificate& certificate() const { return certificate_; }
  const PrivateKey& key() const { return key_; }

 private:
  CertificateAuthority(Certificate certificate, PrivateKey key);
  Certificate certificate_;
  PrivateKey key_;
};

}  // namespace faultline
