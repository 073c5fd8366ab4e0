#pragma once

#include <poll.h>

#include <functional>
#include <optional>
#include <vector>

#include "agent/observe/tcp_mesh.h"
#include "agent/observe/tcp_sockets.h"
#include "agent/observe/tcp_tally.h"
#include "common/clock.h"
#include "common/unique_fd.h"

namespace faultline {

// Dials every target of a mesh again and again: at most one attempt of each at a time, the first few at a quarter of
// the interval, so that a run that begins at once has a baseline; targets are spread over the interval. Attempts that
// were due while another was open are not made up for. Knows no thread and no clock. Not thread-safe.
class TcpDialer {
 public:
  // So many attempts of each target come fast.
  static constexpr int kQuick = 3;

  // REQUIRES: CheckTcpMesh(mesh) is OK. `sockets` must outlive it. Begins nothing.
  TcpDialer(const TcpMesh& mesh, TcpSockets& sockets, MonotonicTime now);

  // Ends the attempts that have been answered or have waited for too long, which `tally` counts, and begins those that
  // are due. `now_there`: the controller's clock; while it is not known nothing is begun. How long until there is more
  // to do, unless one of AddWaits is answered before.
  Duration Step(MonotonicTime now, std::optional<ControllerTime> now_there, TcpTally& tally);

  // Adds what is to be waited for to the list.
  void AddWaits(std::vector<pollfd>& waits) const;

 private:
  // One target.
  struct Line {
    TcpTarget target;
    MonotonicTime next;
    int attempts = 0;
    // Of the attempt that is open, if there is one.
    UniqueFd open;
    MonotonicTime begun;
    ControllerTime begun_there;
  };

  void End(Line& line, MonotonicTime now, TcpTally& tally);
  void Begin(Line& line, MonotonicTime now, ControllerTime now_there, TcpTally& tally);

  const TcpMesh mesh_;
  TcpSockets& sockets_;
  std::vector<Line> lines_;
};

}  // namespace faultline
