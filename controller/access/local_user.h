#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "controller/access/role.h"

namespace faultline {

// A user of the controller's own host. A value.
struct LocalUser {
  uid_t uid = 0;
  // As the host's accounts have it; "uid 1234" of one that they do not know.
  std::string name;
  Role role = Role::kViewer;

  bool operator==(const LocalUser&) const = default;
};

// The role of a user that belongs to these groups at a controller that runs as `own`: admin for root, `own` and members
// of "faultline-admin"; operator for members of "faultline-operator"; else viewer.
Role LocalRole(uid_t uid, uid_t own, const std::vector<std::string>& groups);

// Looks up the host's accounts as they are now, which may take as long as a directory service takes.
LocalUser LookUpUser(uid_t uid);

// Whether it may do what the controller's own process may: root, or that process's user.
bool IsOwnUser(uid_t uid);

}  // namespace faultline
