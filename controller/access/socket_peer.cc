#include "controller/access/socket_peer.h"

#include <sys/socket.h>

#include <cerrno>

#include "common/status.h"

namespace faultline {

absl::StatusOr<SocketPeer> PeerOf(const UniqueFd& socket) {
  ucred process{};
  socklen_t size = sizeof(process);
  if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &process, &size) != 0) return ErrnoError(errno, "SO_PEERCRED");
  // Of a process that is in more groups than this the kernel says how many those are.
  std::vector<gid_t> others(64);
  while (true) {
    size = static_cast<socklen_t>(others.size() * sizeof(gid_t));
    if (getsockopt(socket.get(), SOL_SOCKET, SO_PEERGROUPS, others.data(), &size) == 0) break;
    // An emulator may say no number, for ever.
    if (errno != ERANGE || size <= others.size() * sizeof(gid_t)) return ErrnoError(errno, "SO_PEERGROUPS");
    others.resize(size / sizeof(gid_t));
  }
  others.resize(size / sizeof(gid_t));
  SocketPeer peer{.uid = process.uid, .groups = {process.gid}};
  peer.groups.insert(peer.groups.end(), others.begin(), others.end());
  return peer;
}

}  // namespace faultline
