#include "agent/enroll_node.h"

#include <filesystem>
#include <istream>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "agent/enrolled_controller.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/identity/private_file.h"
#include "common/name.h"
#include "common/rpc/enrolment_client.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr Duration kPatience = std::chrono::seconds(10);

// Before the token is used up for nothing.
absl::Status CheckFiles(const TlsFiles& tls) {
  for (const std::string& file : {tls.key, tls.ca, tls.certificate, EnrolledControllerFile(tls)}) {
    FAULTLINE_RETURN_IF_ERROR(MakePrivateFolder(std::filesystem::path(file).parent_path().string()));
    FAULTLINE_RETURN_IF_ERROR(CheckPrivateFile(file));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadToken(std::istream& in) {
  std::string line;
  std::getline(in, line);
  const absl::string_view token = absl::StripAsciiWhitespace(line);
  if (token.empty()) return absl::InvalidArgumentError("--token - reads the token from standard input, which has none");
  return std::string(token);
}

absl::StatusOr<std::string> EnrollNode(const EnrollOptions& options) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(options.name, "node name"));
  FAULTLINE_RETURN_IF_ERROR(CheckFiles(options.tls));
  FAULTLINE_ASSIGN_OR_RETURN(const EnrolledFiles files,
                             Enroll(options.controller, options.token, options.name, kPatience));
  if (files.identity.kind != IdentityKind::kNode) {
    return absl::InvalidArgumentError("the token is for a user: `faultline login` uses it");
  }
  FAULTLINE_RETURN_IF_ERROR(
      WritePrivateFiles({{options.tls.key, files.key},
                         {options.tls.ca, files.ca},
                         {EnrolledControllerFile(options.tls), absl::StrCat(options.controller, "\n")},
                         {options.tls.certificate, files.certificate}}));
  return absl::StrCat("enrolled as ", options.name, " at ", options.controller, "; the key has not left this node\n",
                      options.tls.certificate, "\n", options.tls.key, "\n", options.tls.ca, "\n");
}

}  // namespace faultline
