#include "tests/bench/node_pki.h"

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/identity/certificate_authority.h"
#include "common/status.h"

namespace faultline::bench {
namespace {

absl::Status IssueToNode(const CertificateAuthority& authority, const CertificateTerms& terms, const TlsFiles& files) {
  FAULTLINE_ASSIGN_OR_RETURN(const PrivateKey key, PrivateKey::Generate());
  FAULTLINE_ASSIGN_OR_RETURN(const Certificate certificate, authority.Issue(key.get(), terms));
  FAULTLINE_RETURN_IF_ERROR(WriteFile(files.certificate, certificate.ToPem()));
  return WriteFile(files.key, key.ToPem());
}

}  // namespace

TlsFiles ControllerFiles(const std::string& folder) {
  return {.ca = folder + "/ca.crt", .certificate = folder + "/controller.crt", .key = folder + "/controller.key"};
}

TlsFiles NodeFiles(const std::string& folder, int number) {
  const std::string node = absl::StrCat(folder, "/node-", number);
  return {.ca = folder + "/ca.crt", .certificate = node + ".crt", .key = node + ".key"};
}

absl::Status MakeNodePki(const std::string& folder, int nodes) {
  const WallTime now = SystemClock().WallNow();
  FAULTLINE_ASSIGN_OR_RETURN(const CertificateAuthority authority, CertificateAuthority::Create(now));
  FAULTLINE_RETURN_IF_ERROR(WriteFile(ControllerFiles(folder).ca, authority.certificate().ToPem()));
  CertificateTerms terms{.identity = {.kind = IdentityKind::kController, .name = ""},
                         .hosts = {"127.0.0.1"},
                         .from = now,
                         .validity = std::chrono::hours(24)};
  FAULTLINE_RETURN_IF_ERROR(IssueToNode(authority, terms, ControllerFiles(folder)));
  terms.hosts.clear();
  for (int i = 0; i < nodes; ++i) {
    terms.identity = {.kind = IdentityKind::kNode, .name = absl::StrCat("node-", i)};
    FAULTLINE_RETURN_IF_ERROR(IssueToNode(authority, terms, NodeFiles(folder, i)));
  }
  return absl::OkStatus();
}

}  // namespace faultline::bench
