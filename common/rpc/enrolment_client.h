#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/identity/identity.h"

namespace faultline {

// What somebody has who was enrolled: all as PEM, for three files.
struct EnrolledFiles {
  Identity identity;
  // The authority's certificate.
  std::string ca;
  // Its own, and then the authority's.
  std::string certificate;
  std::string key;
};

// Makes a key, finds the controller at `target` ("HOST:PORT") that the token is of, and has it make a certificate for
// `name`; empty: for the user that the token names. The token is told to nobody else, the key to nobody at all.
//
// Blocks for at most about twice `patience`. INVALID_ARGUMENT for what is no token or address, UNAVAILABLE when nobody
// answers, UNAUTHENTICATED when somebody else does or the token is unknown; the controller's other errors as they are.
absl::StatusOr<EnrolledFiles> Enroll(const std::string& target, absl::string_view token, const std::string& name,
                                     Duration patience);

}  // namespace faultline
