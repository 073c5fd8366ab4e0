#include "tests/bench/lab_tls.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "common/file.h"
#include "common/identity/certificate_authority.h"
#include "common/status.h"

namespace faultline::bench {
namespace {

constexpr char kAddress[] = "198.18.0.10";
constexpr char kNode[] = "lon-1";

constexpr char kTls[] = "tls: {ca: $0/ca.crt, certificate: $0/$1.crt, key: $0/$1.key}\n";
constexpr char kController[] = "listen: $0:7400\nsocket: $1/controller.sock\nstate: $1/state\n";
constexpr char kAgent[] = "name: $0\ncontroller: $1:7400\nruntime: $2/$0.run\n";

absl::Status Issue(const CertificateAuthority& authority, const CertificateTerms& terms, const std::string& path) {
  FAULTLINE_ASSIGN_OR_RETURN(const PrivateKey key, PrivateKey::Generate());
  FAULTLINE_ASSIGN_OR_RETURN(const Certificate certificate, authority.Issue(key.get(), terms));
  FAULTLINE_RETURN_IF_ERROR(WriteFile(path + ".crt", certificate.ToPem()));
  return WriteFile(path + ".key", key.ToPem());
}

}  // namespace

absl::Status ConfigureTls(const std::string& state) {
  const WallTime now = SystemClock().WallNow();
  FAULTLINE_ASSIGN_OR_RETURN(const CertificateAuthority authority, CertificateAuthority::Create(now));
  FAULTLINE_RETURN_IF_ERROR(WriteFile(state + "/ca.crt", authority.certificate().ToPem()));
  CertificateTerms terms{.identity = {.kind = IdentityKind::kController, .name = ""},
                         .hosts = {kAddress},
                         .from = now,
                         .validity = std::chrono::hours(24)};
  FAULTLINE_RETURN_IF_ERROR(Issue(authority, terms, state + "/controller"));
  terms.identity = {.kind = IdentityKind::kNode, .name = kNode};
  terms.hosts.clear();
  FAULTLINE_RETURN_IF_ERROR(Issue(authority, terms, absl::StrCat(state, "/", kNode)));
  FAULTLINE_RETURN_IF_ERROR(WriteFile(state + "/controller.yaml", absl::Substitute(kController, kAddress, state) +
                                                                      absl::Substitute(kTls, state, "controller")));
  return WriteFile(absl::StrCat(state, "/", kNode, ".yaml"),
                   absl::Substitute(kAgent, kNode, kAddress, state) + absl::Substitute(kTls, state, kNode));
}

}  // namespace faultline::bench
