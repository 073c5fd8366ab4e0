#pragma once

#include <compare>
#include <string>

#include "common/clock.h"
#include "common/identity/identity.h"
#include "controller/access/role.h"

namespace faultline {

// What the controller keeps of whom it knows. Values.

// A certificate that it has made.
struct IssuedCertificate {
  // Certificate::Fingerprint.
  std::string fingerprint;
  // Certificate::Serial.
  std::string serial;
  Identity identity;
  WallTime ends;
  // Whether it is refused, though it has not ended.
  bool revoked = false;

  bool operator==(const IssuedCertificate&) const = default;
};

// Somebody was sent away at that moment.
struct Revocation {
  Identity identity;
  WallTime moment;

  bool operator==(const Revocation&) const = default;
};

// A token that was made; see EnrolmentToken.
struct TokenRecord {
  std::string id;
  // EnrolmentToken::Digest.
  std::string digest;
  IdentityKind kind = IdentityKind::kNode;
  // Of a user the name, of nodes a pattern that theirs are like (GlobMatches).
  std::string names;
  // Of a user.
  Role role = Role::kViewer;
  // How often it can still be used.
  int uses = 1;
  // Whether it also enrols a name that is enrolled, whose certificates so far are then refused.
  bool replaces = false;
  // When it was made: whoever was sent away since is not admitted by it.
  WallTime made;
  WallTime ends;
  // Who made it.
  std::string made_by;

  bool operator==(const TokenRecord&) const = default;
};

// A user, and what it may do.
struct UserRecord {
  std::string name;
  Role role = Role::kViewer;

  bool operator==(const UserRecord&) const = default;
};

}  // namespace faultline
