#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/accounts.h"
#include "controller/access/role.h"
#include "controller/access/socket_peer.h"

namespace faultline {

// A user of the controller's own host. A value.
struct LocalUser {
  uid_t uid = 0;
  // As the host's own files have it; "uid 1234" of one that they do not know.
  std::string name;
  Role role = Role::kViewer;

  bool operator==(const LocalUser&) const = default;
};

// The role of a user that belongs to these groups at a controller that runs as `own`: admin for root, `own` and members
// of "faultline-admin"; operator for members of "faultline-operator"; else viewer.
Role LocalRole(uid_t uid, uid_t own, const std::vector<std::string>& groups);

// The user of a process that calls, in the role that the groups of that process give at a controller that runs as
// `own`.
LocalUser UserOf(const SocketPeer& peer, const Accounts& accounts, uid_t own);

// Whether it may do what the controller's own process may: root, or that process's user.
bool IsOwnUser(uid_t uid);

}  // namespace faultline
