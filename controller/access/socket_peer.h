#pragma once

#include <sys/types.h>

#include <vector>

#include "absl/status/statusor.h"
#include "common/unique_fd.h"

namespace faultline {

// The process at the other end of a Unix socket, as the kernel noted it when that connected.
struct SocketPeer {
  uid_t uid = 0;
  // Its primary group, and then all others that it was in; a group may be there twice.
  std::vector<gid_t> groups;
};

// Whom a connected Unix socket leads to. Errors are the kernel's.
absl::StatusOr<SocketPeer> PeerOf(const UniqueFd& socket);

}  // namespace faultline
