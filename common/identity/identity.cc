#include "common/identity/identity.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/name.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr absl::string_view kNode = "faultline:node:";
constexpr absl::string_view kUser = "faultline:user:";
constexpr absl::string_view kController = "faultline:controller";

}  // namespace

std::string IdentityUri(const Identity& identity) {
  switch (identity.kind) {
    case IdentityKind::kNode:
      return absl::StrCat(kNode, identity.name);
    case IdentityKind::kUser:
      return absl::StrCat(kUser, identity.name);
    case IdentityKind::kController:
      return std::string(kController);
  }
  return "";
}

absl::StatusOr<Identity> ParseIdentityUri(absl::string_view uri) {
  if (uri == kController) return Identity{IdentityKind::kController, ""};
  const bool node = absl::ConsumePrefix(&uri, kNode);
  if (!node && !absl::ConsumePrefix(&uri, kUser)) {
    return absl::InvalidArgumentError("the URI is not one of Faultline's, such as faultline:node:lon-a");
  }
  FAULTLINE_RETURN_IF_ERROR(CheckName(uri, node ? "node name" : "user name"));
  return Identity{node ? IdentityKind::kNode : IdentityKind::kUser, std::string(uri)};
}

}  // namespace faultline
