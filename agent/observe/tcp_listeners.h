#pragma once

#include <poll.h>

#include <vector>

#include "agent/observe/tcp_mesh.h"
#include "common/unique_fd.h"

namespace faultline {

// Listens on ports of this node where nothing else does, and closes every connection as soon as it is open. Where
// somebody listens, or nobody may, it leaves the port alone and says nothing. All ends with the object, as with the
// process. Not thread-safe.
class TcpListeners {
 public:
  // On the mesh's dialled ports, at its own addresses.
  explicit TcpListeners(const TcpMesh& mesh);

  // How many ports it listens on, those of the two IP versions apart.
  std::size_t size() const { return sockets_.size(); }

  // Takes what has come, and closes it.
  void Serve();

  // Adds what is to be waited for to the list.
  void AddWaits(std::vector<pollfd>& waits) const;

 private:
  std::vector<UniqueFd> sockets_;
};

}  // namespace faultline
