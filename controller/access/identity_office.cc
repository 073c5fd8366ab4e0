#include "controller/access/identity_office.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/status.h"

namespace faultline {
namespace {

// None when there is no key where none was asked for.
absl::StatusOr<std::optional<CertificateAuthority>> OpenAuthority(const OfficeOptions& options) {
  const std::string beside = std::filesystem::path(options.tls.ca).parent_path() / "ca.key";
  const std::string& file = options.authority_key.empty() ? beside : options.authority_key;
  const absl::StatusOr<std::string> key = ReadFile(file);
  if (options.insecure || (absl::IsNotFound(key.status()) && options.authority_key.empty())) return std::nullopt;
  if (!key.ok()) return key.status();
  FAULTLINE_ASSIGN_OR_RETURN(const std::string certificate, ReadFile(options.tls.ca));
  absl::StatusOr<CertificateAuthority> authority = CertificateAuthority::Open(certificate, *key);
  if (!authority.ok()) return WithContext(authority.status(), absl::StrCat(options.tls.ca, " and ", file));
  return *std::move(authority);
}

}  // namespace

absl::Status RenewOwnCertificate(const Clock& clock, const OfficeOptions& options) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::optional<CertificateAuthority> authority, OpenAuthority(options));
  if (!authority) return absl::OkStatus();
  return OwnCertificate(clock, *authority, options.tls.certificate, options.tls.key, options.validity).RenewIfDue();
}

absl::StatusOr<std::unique_ptr<IdentityOffice>> IdentityOffice::Open(const Clock& clock, Database& database,
                                                                     const OfficeOptions& options) {
  auto office = std::unique_ptr<IdentityOffice>(new IdentityOffice(clock, database));
  FAULTLINE_ASSIGN_OR_RETURN(office->identities_, Identities::Load(clock, office->store_));
  FAULTLINE_ASSIGN_OR_RETURN(const std::optional<CertificateAuthority> authority, OpenAuthority(options));
  if (!authority) return office;
  office->enrolment_.emplace(clock, *office->identities_, *authority, options.validity);
  office->own_.emplace(clock, *authority, options.tls.certificate, options.tls.key, options.validity);
  office->interval_ = std::min(OwnCertificate::kInterval, options.validity / 20);
  office->next_ = clock.Now();
  return office;
}

absl::Status IdentityOffice::Advance() {
  if (!own_ || clock_.Now() < next_) return absl::OkStatus();
  next_ = clock_.Now() + interval_;
  return own_->RenewIfDue();
}

}  // namespace faultline
