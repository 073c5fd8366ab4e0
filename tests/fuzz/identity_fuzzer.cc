// Any bytes as an enrolment token, a certificate request and certificates: what reads reads back from its own text.

#include <cstddef>
#include <cstdint>

#include "common/identity/certificate.h"
#include "common/identity/certificate_request.h"
#include "common/identity/private_key.h"
#include "common/identity/token.h"
#include "tests/fuzz/require.h"

namespace faultline {
namespace {

void CheckToken(absl::string_view text) {
  const absl::StatusOr<EnrolmentToken> token = EnrolmentToken::Parse(text);
  if (token.ok()) FAULTLINE_REQUIRE(token->ToText() == text && token->Digest().size() == 64);
}

void CheckRequest(absl::string_view text) {
  const absl::StatusOr<CertificateRequest> request = CertificateRequest::Parse(text);
  if (request.ok()) FAULTLINE_REQUIRE(IsP256(request->public_key()));
}

void CheckCertificates(absl::string_view text) {
  const absl::StatusOr<std::vector<Certificate>> chain = Certificate::ParseChain(text);
  if (!chain.ok()) return;
  FAULTLINE_REQUIRE(!chain->empty() && chain->size() <= 10);
  for (const Certificate& certificate : *chain) {
    certificate.Serial();
    certificate.CommonName();
    certificate.NotBefore();
    certificate.NotAfter();
    certificate.Hosts();
    const absl::StatusOr<Identity> identity = certificate.SubjectIdentity();
    if (identity.ok()) FAULTLINE_REQUIRE(ParseIdentityUri(IdentityUri(*identity)).value() == *identity);
    FAULTLINE_REQUIRE(Certificate::Parse(certificate.ToPem())->Fingerprint() == certificate.Fingerprint());
  }
}

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  faultline::CheckToken(text);
  faultline::CheckRequest(text);
  faultline::CheckCertificates(text);
  return 0;
}
