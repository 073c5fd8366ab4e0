#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace faultline {

// What a certificate can be for.
enum class IdentityKind { kNode, kUser, kController };

// Whom a certificate speaks for. A value.
struct Identity {
  IdentityKind kind = IdentityKind::kNode;
  // As CheckName wants it; empty for a controller.
  std::string name;

  bool operator==(const Identity&) const = default;
};

// The URI that stands for it among a certificate's subject alternative names: "faultline:node:lon-a",
// "faultline:user:alice", "faultline:controller".
std::string IdentityUri(const Identity& identity);

// The other way. INVALID_ARGUMENT when it is none of these or the name is no name.
absl::StatusOr<Identity> ParseIdentityUri(absl::string_view uri);

}  // namespace faultline
