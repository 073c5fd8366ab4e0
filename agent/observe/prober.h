#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "agent/observe/burst_book.h"
#include "agent/observe/clock_mapping.h"
#include "agent/observe/probe_mesh.h"
#include "agent/observe/probe_packet.h"
#include "agent/observe/probe_seal.h"
#include "agent/observe/probe_socket.h"
#include "agent/observe/send_schedule.h"
#include "agent/observe/window_tally.h"
#include "common/clock.h"
#include "common/unique_fd.h"

namespace faultline {

// What a prober has gone through since it was made; for status lines.
struct ProberStatus {
  std::uint64_t sent = 0;
  // Probes that the kernel would not take. They are in no window: nothing was sent, so nothing can have been lost, and
  // an edge without probes is "unknown", never "cut".
  std::uint64_t send_errors = 0;
  // Peer and error of the last of them; empty when none.
  std::string last_send_error;
  std::uint64_t received = 0;
  std::uint64_t duplicates = 0;
  // Datagrams on the probe port that are no probes of this mesh: malformed, not sealed with a key of it, another token,
  // sender or receiver, sent more than a minute from now, or before the sender was a peer here.
  std::uint64_t foreign = 0;
  // Windows lost because nobody drained them.
  std::uint64_t dropped_windows = 0;
  // Why probing has stopped by itself; OK while it has not.
  absl::Status health;
};

// Sends one-way UDP probes to the peers of the mesh and counts what it sends and what arrives of theirs, by window of
// send time. Owns one UDP socket per IP version the mesh uses, and a thread that sleeps until the next probe is due or
// one arrives; the thread allocates nothing. Probes to all peers are spread evenly over the interval, each node at a
// phase of its own on the controller's clock, so that nodes do not probe together. In the bursts it is given it probes
// some peers far more often, and notes which of these probes arrive; they count in the windows like any other.
//
// What strangers send, or send again, counts nowhere, and nothing is ever answered: probes are sealed with keys that
// only the fleet knows (ProbeSeal), each counts once, and when it cannot be known any more whether one did, it does
// not.
//
// While the clock is not mapped nothing is sent, and what arrives is not counted. All methods are thread-safe and take
// no longer than a few system calls. The destructor stops the thread at once.
class Prober {
 public:
  // Where the sockets are bound; absent: every address.
  struct Options {
    std::optional<IpAddress> ipv4;
    std::optional<IpAddress> ipv6;
  };

  // `clock`, and what `mapping` refers to, must outlive the prober. Starts nothing.
  Prober(const Clock& clock, ClockMapping mapping, Options options);
  // Bound to every address.
  Prober(const Clock& clock, ClockMapping mapping);
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  // Takes part in this mesh instead of the one before. Counts made so far are kept for Drain; sockets are kept when the
  // port stays. Errors as CheckProbeMesh and ProbeSeal::Make say; then the mesh before stays. FAILED_PRECONDITION,
  // naming the port and the way out, when somebody else has the port; other errors of the sockets name the operation.
  // After an error of the sockets nothing is probed.
  absl::Status Configure(const ProbeMesh& mesh);

  // Takes part in these bursts of a run instead of those of it before; see BurstBook::Put. Peers that are not in the
  // mesh are passed over. INVALID_ARGUMENT as CheckProbeBursts says; then those before stay.
  absl::Status SetBursts(const RunId& run, const std::vector<ProbeBurst>& bursts);

  // The counts since the last Drain; see WindowTally::Drain.
  std::vector<WindowCount> Drain();
  // What was noted of bursts since the last time. None while the clock is not mapped.
  std::vector<BurstMarks> DrainBursts();

  ProberStatus status() const;

 private:
  // One peer over one IP version.
  struct Target {
    WindowTally::PeerIndex peer = 0;
    std::uint32_t peer_id = 0;
    Family family = Family::kIpv4;
    IpAddress address;
    // Zero before the first probe.
    std::uint64_t next_sequence = 0;
  };
  using Sockets = std::array<std::optional<ProbeSocket>, 2>;

  absl::Status OpenSockets(const ProbeMesh& mesh);
  void Adopt(const ProbeMesh& mesh, ProbeSeal seal);
  std::vector<Target> TargetsOf(const ProbeMesh& mesh) const;
  std::vector<std::optional<ControllerTime>> PeerSinceOf(const ProbeMesh& mesh) const;
  absl::Status Start();
  void Stop();
  // Ends what Wait waits for.
  void Wake();

  // On the thread.
  void Run();
  // Sends what is due; returns how long until there is more.
  Duration SendDue();
  Duration SendBurst(ControllerTime now, Duration idle);
  void Send(Target& target, ControllerTime now);
  void Receive(Family family);
  // The peer whose probe it is; none when it is not to be counted.
  std::optional<WindowTally::PeerIndex> SenderOf(const ProbePacket& packet, ControllerTime now) const;
  void Count(const std::optional<ProbePacket>& packet, Family family, ControllerTime now);
  // Until something arrives, somebody wakes it or the time is over. False when the thread is to end.
  bool Wait(Duration timeout);

  const Clock& clock_;
  const ClockMapping mapping_;
  const Options options_;

  // Taken by Configure and the destructor, around everything they do.
  std::mutex configure_mutex_;
  std::thread thread_;

  // Changed only while the thread does not run; the thread alone changes the targets and the schedule.
  ProbeMesh mesh_;
  std::vector<Target> targets_;
  ProbeSeal seal_;
  // Number and index of each peer, sorted.
  std::vector<std::pair<std::uint32_t, WindowTally::PeerIndex>> peers_by_id_;
  // Of each peer: since when it is one, under this token; what was sent before may have been counted by another process
  // or mesh. Absent until the clock is mapped.
  std::vector<std::optional<ControllerTime>> peer_since_;
  std::optional<SendSchedule> schedule_;
  Sockets sockets_;
  UniqueFd wake_;
  std::atomic<bool> stopping_{false};
  // The thread's own: targets of a burst that are due.
  std::vector<std::size_t> due_;

  mutable std::mutex mutex_;
  // Under mutex_.
  WindowTally tally_;
  BurstBook bursts_;
  ProberStatus status_;
  // Of the last send error: its text is made when somebody asks.
  int send_errno_ = 0;
  NodeName send_error_peer_;
};

}  // namespace faultline
