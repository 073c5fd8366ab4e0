#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "agent/observe/clock_mapping.h"
#include "agent/observe/tcp_mesh.h"
#include "agent/observe/tcp_sockets.h"
#include "agent/observe/tcp_tally.h"
#include "common/clock.h"
#include "common/unique_fd.h"

namespace faultline {

// Dials the targets of its mesh (TcpDialer) for as long as it is to last, counts what comes of it and, when the node's
// owner wants that, listens on the mesh's dialled ports where nothing else does (TcpListeners). Owns a thread while it
// has anything to do.
//
// All methods are thread-safe; they take no longer than a few system calls a port. The destructor stops at once.
class TcpProber {
 public:
  // `listen`: whether to open listeners. `clock`, and what `mapping` refers to, must outlive the prober.
  TcpProber(const Clock& clock, ClockMapping mapping, bool listen);
  ~TcpProber();
  TcpProber(const TcpProber&) = delete;
  TcpProber& operator=(const TcpProber&) = delete;

  // Takes part in this mesh instead of the one before; an empty one ends all. The same one again only lasts longer.
  // Attempts that are open are given up uncounted; counts made so far stay for Drain. INVALID_ARGUMENT as CheckTcpMesh
  // says; then the mesh before stays.
  absl::Status Configure(const TcpMesh& mesh);

  // The counts since the last Drain; see TcpTally::Drain.
  std::vector<TcpCount> Drain();
  // Windows lost because nobody drained them.
  std::uint64_t dropped() const;

 private:
  absl::Status Start();
  void Stop();
  // On the thread, until it is told to end or the mesh has lasted for as long as it may.
  void Run();

  const Clock& clock_;
  const ClockMapping mapping_;
  const bool listen_;

  // Taken by Configure and the destructor, around everything they do.
  std::mutex configure_mutex_;
  std::thread thread_;
  // Changed only while the thread does not run.
  TcpMesh mesh_;
  KernelTcpSockets sockets_;
  UniqueFd wake_;

  mutable std::mutex mutex_;
  // Under mutex_.
  TcpTally tally_;
  MonotonicTime until_;
};

}  // namespace faultline
