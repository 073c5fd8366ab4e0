#include "controller/access/own_certificate.h"

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/identity/private_file.h"
#include "common/status.h"

namespace faultline {

OwnCertificate::OwnCertificate(const Clock& clock, CertificateAuthority authority, std::string certificate_file,
                               std::string key_file, Duration validity)
    : clock_(clock),
      authority_(std::move(authority)),
      certificate_file_(std::move(certificate_file)),
      key_file_(std::move(key_file)),
      validity_(validity) {}

absl::Status OwnCertificate::RenewIfDue() {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, ReadFile(certificate_file_));
  FAULTLINE_ASSIGN_OR_RETURN(const Certificate present, Certificate::Parse(text));
  const WallTime now = clock_.WallNow();
  const bool due = now >= RenewalOf(present) || now < present.NotBefore();
  if (!due || !authority_.HasSigned(present)) return absl::OkStatus();
  FAULTLINE_ASSIGN_OR_RETURN(const std::string key_text, ReadFile(key_file_));
  FAULTLINE_ASSIGN_OR_RETURN(const PrivateKey key, PrivateKey::Parse(key_text));
  FAULTLINE_ASSIGN_OR_RETURN(const Identity identity, present.SubjectIdentity());
  FAULTLINE_ASSIGN_OR_RETURN(
      const Certificate next,
      authority_.Issue(key.get(),
                       {.identity = identity, .hosts = present.Hosts(), .from = now, .validity = validity_}));
  return WritePrivateFile(certificate_file_, absl::StrCat(next.ToPem(), authority_.certificate().ToPem()));
}

}  // namespace faultline
