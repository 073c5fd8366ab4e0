#include "agent/observe/prober.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

// A probe that took longer, either way, is not believed.
constexpr Duration kFarthest = std::chrono::minutes(1);
// So many datagrams are taken before the next look at what is to be sent.
constexpr int kMostDatagramsPerTurn = 64;

constexpr std::size_t IndexOf(Family family) { return family == Family::kIpv4 ? 0 : 1; }

const IpAddress& AnyAddress(Family family) {
  static const IpAddress ipv4;
  static const IpAddress ipv6(std::array<std::uint8_t, 16>{});
  return family == Family::kIpv4 ? ipv4 : ipv6;
}

const std::optional<IpAddress>& AddressOf(const MeshPeer& peer, Family family) {
  return family == Family::kIpv4 ? peer.ipv4 : peer.ipv6;
}

}  // namespace

Prober::Prober(const Clock& clock, ClockMapping mapping, Options options)
    : clock_(clock), mapping_(std::move(mapping)), options_(options) {}

Prober::Prober(const Clock& clock, ClockMapping mapping) : Prober(clock, std::move(mapping), Options{}) {}

Prober::~Prober() {
  const std::lock_guard configure(configure_mutex_);
  Stop();
}

absl::Status Prober::Configure(const ProbeMesh& mesh) {
  FAULTLINE_RETURN_IF_ERROR(CheckProbeMesh(mesh));
  const std::lock_guard configure(configure_mutex_);
  if (mesh == mesh_ && status().health.ok()) return absl::OkStatus();
  FAULTLINE_ASSIGN_OR_RETURN(ProbeSeal seal, ProbeSeal::Make(mesh.keys));
  Stop();
  absl::Status opened = OpenSockets(mesh);
  if (opened.ok()) {
    Adopt(mesh, std::move(seal));
    opened = Start();
  }
  if (!opened.ok()) {
    sockets_ = {};
    Adopt(ProbeMesh{.window = mesh.window}, ProbeSeal());
  }
  return opened;
}

absl::Status Prober::SetBursts(const RunId& run, const std::vector<ProbeBurst>& bursts) {
  FAULTLINE_RETURN_IF_ERROR(CheckProbeBursts(bursts));
  const std::lock_guard configure(configure_mutex_);
  {
    const std::lock_guard lock(mutex_);
    bursts_.Put(run, bursts, PhaseOf(mesh_.self_id));
  }
  if (thread_.joinable()) Wake();
  return absl::OkStatus();
}

std::vector<BurstMarks> Prober::DrainBursts() {
  const std::optional<ControllerTime> now = mapping_(clock_.Now());
  const std::lock_guard lock(mutex_);
  return now ? bursts_.Drain(*now) : std::vector<BurstMarks>();
}

std::vector<WindowCount> Prober::Drain() {
  const std::lock_guard lock(mutex_);
  return tally_.Drain();
}

ProberStatus Prober::status() const {
  const std::lock_guard lock(mutex_);
  ProberStatus status = status_;
  status.dropped_windows = tally_.dropped();
  if (send_errno_ != 0) {
    const absl::Status error = ErrnoError(send_errno_, absl::StrCat("to ", send_error_peer_.text()));
    status.last_send_error = std::string(error.message());
  }
  return status;
}

absl::Status Prober::OpenSockets(const ProbeMesh& mesh) {
  for (const Family family : kFamilies) {
    std::optional<ProbeSocket>& socket = sockets_[IndexOf(family)];
    const bool wanted =
        std::ranges::any_of(mesh.peers, [family](const MeshPeer& peer) { return AddressOf(peer, family).has_value(); });
    if (wanted && socket && socket->port() == mesh.port) continue;
    socket.reset();
    if (!wanted) continue;
    const std::optional<IpAddress>& bound = family == Family::kIpv4 ? options_.ipv4 : options_.ipv6;
    FAULTLINE_ASSIGN_OR_RETURN(socket, ProbeSocket::Open(bound.value_or(AnyAddress(family)), mesh.port));
  }
  return absl::OkStatus();
}

void Prober::Adopt(const ProbeMesh& mesh, ProbeSeal seal) {
  targets_ = TargetsOf(mesh);
  due_.reserve(targets_.size());
  peer_since_ = PeerSinceOf(mesh);
  const bool renumbered = mesh.token != mesh_.token;
  mesh_ = mesh;
  seal_ = std::move(seal);
  schedule_.reset();
  if (!targets_.empty()) schedule_.emplace(mesh.self_id, targets_.size(), mesh.interval);

  peers_by_id_.clear();
  std::vector<NodeName> names;
  for (const MeshPeer& peer : mesh.peers) {
    peers_by_id_.emplace_back(peer.id, names.size());
    names.push_back(peer.name);
  }
  std::ranges::sort(peers_by_id_);
  const std::lock_guard lock(mutex_);
  // Of senders that begin to count anew, nothing that was seen is of use.
  if (renumbered) tally_.Reset({}, mesh.window);
  tally_.Reset(names, mesh.window);
  status_.health = absl::OkStatus();
}

std::vector<Prober::Target> Prober::TargetsOf(const ProbeMesh& mesh) const {
  std::vector<Target> targets;
  for (std::size_t i = 0; i < mesh.peers.size(); ++i) {
    const MeshPeer& peer = mesh.peers[i];
    for (const Family family : kFamilies) {
      if (!AddressOf(peer, family)) continue;
      Target& target = targets.emplace_back();
      target.peer = i;
      target.peer_id = peer.id;
      target.family = family;
      target.address = *AddressOf(peer, family);
      // A peer that knows us goes on counting; to it an earlier number would be a duplicate.
      const auto before = std::ranges::find_if(targets_, [&](const Target& old) {
        return old.peer_id == peer.id && old.family == family && mesh_.token == mesh.token;
      });
      if (before != targets_.end()) target.next_sequence = before->next_sequence;
    }
  }
  return targets;
}

std::vector<std::optional<ControllerTime>> Prober::PeerSinceOf(const ProbeMesh& mesh) const {
  std::vector<std::optional<ControllerTime>> since;
  for (const MeshPeer& peer : mesh.peers) {
    const auto before =
        mesh.token == mesh_.token ? std::ranges::find(mesh_.peers, peer.name, &MeshPeer::name) : mesh_.peers.end();
    since.push_back(before == mesh_.peers.end() ? std::nullopt
                                                : peer_since_[static_cast<std::size_t>(before - mesh_.peers.begin())]);
  }
  return since;
}

absl::Status Prober::Start() {
  if (targets_.empty()) return absl::OkStatus();
  wake_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) return ErrnoError(errno, "making the prober's eventfd");
  stopping_ = false;
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void Prober::Stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  Wake();
  thread_.join();
}

void Prober::Wake() {
  const std::uint64_t one = 1;
  // Cannot fail: the counter of an eventfd of ours has room.
  while (write(wake_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void Prober::Run() {
  Duration wait(0);
  do {
    wait = SendDue();
    for (const Family family : kFamilies) Receive(family);
  } while (Wait(wait));
}

Duration Prober::SendDue() {
  const MonotonicTime now = clock_.Now();
  const std::optional<ControllerTime> now_there = mapping_(now);
  if (!now_there) return kMappingPatience;
  for (std::optional<ControllerTime>& since : peer_since_) since = since.value_or(*now_there);
  if (const std::optional<std::size_t> due = schedule_->TakeDue(*now_there)) Send(targets_[*due], *now_there);
  return SendBurst(*now_there, schedule_->UntilNext(*now_there));
}

Duration Prober::SendBurst(ControllerTime now, Duration idle) {
  due_.clear();
  Duration until_next(0);
  {
    const std::lock_guard lock(mutex_);
    for (const BurstEnd& end : bursts_.TakeDue(now)) {
      for (std::size_t i = 0; i < targets_.size(); ++i) {
        if (targets_[i].family == end.family && mesh_.peers[targets_[i].peer].name == end.peer) due_.push_back(i);
      }
    }
    until_next = bursts_.UntilNext(now, idle);
  }
  for (const std::size_t i : due_) Send(targets_[i], now);
  return until_next;
}

void Prober::Send(Target& target, ControllerTime now) {
  // A restarted node's numbers lie beyond those of its earlier life: time passes faster than probes are sent.
  if (target.next_sequence == 0) target.next_sequence = static_cast<std::uint64_t>(now.time_since_epoch().count());
  const std::optional<SealedProbe> bytes = seal_.Seal({.token = mesh_.token,
                                                       .sender = mesh_.self_id,
                                                       .receiver = target.peer_id,
                                                       .sequence = target.next_sequence++,
                                                       .sent_at = now},
                                                      target.family);
  const int error = bytes ? sockets_[IndexOf(target.family)]->Send(target.address, *bytes) : EKEYREJECTED;
  const std::lock_guard lock(mutex_);
  if (error == 0) {
    ++status_.sent;
    tally_.CountSent(target.peer, target.family, now);
    bursts_.NoteSent(mesh_.peers[target.peer].name, target.family, now);
    return;
  }
  ++status_.send_errors;
  send_errno_ = error;
  send_error_peer_ = mesh_.peers[target.peer].name;
}

void Prober::Receive(Family family) {
  std::optional<ProbeSocket>& socket = sockets_[IndexOf(family)];
  if (!socket) return;
  SealedProbe buffer;
  for (int i = 0; i < kMostDatagramsPerTurn; ++i) {
    const std::optional<std::size_t> size = socket->Receive(buffer);
    if (!size) return;
    const std::optional<ControllerTime> now = mapping_(clock_.Now());
    if (!now) continue;
    const std::optional<ProbePacket> packet = *size == buffer.size() ? seal_.Open(buffer, family) : std::nullopt;
    Count(packet, family, *now);
  }
}

std::optional<WindowTally::PeerIndex> Prober::SenderOf(const ProbePacket& packet, ControllerTime now) const {
  if (packet.token != mesh_.token || packet.receiver != mesh_.self_id) return std::nullopt;
  if (packet.sent_at < now - kFarthest || packet.sent_at > now + kFarthest) return std::nullopt;
  const auto found =
      std::ranges::lower_bound(peers_by_id_, packet.sender, {}, [](const auto& entry) { return entry.first; });
  if (found == peers_by_id_.end() || found->first != packet.sender) return std::nullopt;
  const std::optional<ControllerTime>& since = peer_since_[found->second];
  if (!since || packet.sent_at < *since) return std::nullopt;
  return found->second;
}

void Prober::Count(const std::optional<ProbePacket>& packet, Family family, ControllerTime now) {
  const std::optional<WindowTally::PeerIndex> sender = packet ? SenderOf(*packet, now) : std::nullopt;
  const std::lock_guard lock(mutex_);
  if (!sender) {
    ++status_.foreign;
  } else if (tally_.CountReceived(*sender, family, packet->sequence, packet->sent_at, now)) {
    ++status_.received;
    bursts_.NoteReceived(mesh_.peers[*sender].name, family, packet->sent_at);
  } else {
    ++status_.duplicates;
  }
}

bool Prober::Wait(Duration timeout) {
  std::array<pollfd, 3> waited{};
  waited[0] = {.fd = wake_.get(), .events = POLLIN};
  for (const Family family : kFamilies) {
    const std::optional<ProbeSocket>& socket = sockets_[IndexOf(family)];
    // poll passes over negative numbers.
    waited[1 + IndexOf(family)] = {.fd = socket ? socket->fd() : -1, .events = POLLIN};
  }
  const timespec limit = ToTimespec(std::max(timeout, Duration(0)));
  if (ppoll(waited.data(), waited.size(), &limit, nullptr) < 0 && errno != EINTR) {
    const std::lock_guard lock(mutex_);
    status_.health = ErrnoError(errno, "probing has stopped: waiting for probes");
    return false;
  }
  if (waited[0].revents != 0) {
    std::uint64_t woken = 0;
    // Never blocks, and leaves nothing to wait for.
    while (read(wake_.get(), &woken, sizeof woken) < 0 && errno == EINTR) {
    }
  }
  return !stopping_;
}

}  // namespace faultline
