#include "controller/cli/identity_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/cli/moment.h"
#include "controller/cli/wire_time.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

std::string AdmitsText(const v1::Token& token) {
  if (token.kind() == v1::SUBJECT_KIND_USER) return Tame(absl::StrCat(token.role(), " ", token.names()));
  return Tame(absl::StrCat("node ", token.names().empty() ? "*" : token.names()));
}

std::string Standing(const v1::KnownIdentity& identity) {
  if (identity.certificates() > 0) {
    return absl::StrCat("until ", FormatMoment(DecodeMoment(identity.ends())),
                        identity.certificates() > 1 ? absl::StrCat(" (", identity.certificates(), ")") : "");
  }
  return identity.has_revoked() ? absl::StrCat("revoked ", FormatMoment(DecodeMoment(identity.revoked()))) : "none";
}

}  // namespace

std::string RenderTokens(const v1::ListTokensResponse& response) {
  if (response.tokens().empty()) return "no token that can be used; `faultline token create` makes one\n";
  std::vector<std::vector<std::string>> rows = {{"TOKEN", "ADMITS", "USES", "REPLACES", "ENDS", "MADE BY"}};
  for (const v1::Token& token : response.tokens()) {
    rows.push_back({Tame(token.id()), AdmitsText(token), absl::StrCat(token.uses()), token.replaces() ? "yes" : "no",
                    FormatMoment(DecodeMoment(token.ends())), Tame(token.made_by())});
  }
  return FormatTable(rows, 0);
}

std::string RenderIdentities(const v1::ListIdentitiesResponse& response, v1::SubjectKind kind) {
  const bool users = kind == v1::SUBJECT_KIND_USER;
  if (response.identities().empty()) return users ? "no user yet\n" : "no node was enrolled yet\n";
  std::vector<std::vector<std::string>> rows = {users ? std::vector<std::string>{"USER", "ROLE", "CERTIFICATE"}
                                                      : std::vector<std::string>{"NODE", "CERTIFICATE"}};
  for (const v1::KnownIdentity& identity : response.identities()) {
    std::vector<std::string>& row = rows.emplace_back();
    row.push_back(Tame(identity.name()));
    if (users) row.push_back(Tame(identity.role()));
    row.push_back(Standing(identity));
  }
  return FormatTable(rows, 0);
}

std::string RenderRevoked(const std::string& name, const v1::RevokeResponse& response) {
  const std::uint32_t count = response.certificates();
  return absl::StrCat(name, ": revoked; ",
                      count == 0
                          ? "no certificate that this controller made was good, and whatever else began before "
                            "now is refused"
                          : absl::StrCat(count, count == 1 ? " certificate is" : " certificates are", " refused"),
                      response.session_ended() ? ", and its session was ended" : "", "\n");
}

}  // namespace faultline
