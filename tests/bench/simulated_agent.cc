#include "tests/bench/simulated_agent.h"

#include "agent/observe/observation_codec.h"
#include "agent/session/messages.h"
#include "common/rpc/status.h"
#include "common/timeline_codec.h"

namespace faultline::bench {
namespace {

// As agent/session/session.cc has them.
constexpr Duration kReportInterval = std::chrono::milliseconds(250);
constexpr Duration kPingInterval = std::chrono::seconds(1);
// What a probe takes.
constexpr Duration kDelay = std::chrono::microseconds(300);

}  // namespace

SimulatedAgent::SimulatedAgent(v1::AgentSessionService::Stub& stub, const v1::NodeInfo& node, const Clock& clock)
    : clock_(clock), stub_(stub), node_(node), name_(node.name()) {
  for (const v1::NodeAddress& address : node.addresses()) {
    const IpAddress parsed = IpAddress::FromBytes(address.address()).value();
    (parsed.family() == Family::kIpv4 ? ipv4_ : ipv6_) = parsed;
  }
}

void SimulatedAgent::Join() {
  {
    const std::lock_guard lock(mutex_);
    done_ = false;
    reading_ = true;
  }
  stub_.async()->Session(&context_, this);
  StartRead(&response_);
  v1::SessionRequest hello;
  *hello.mutable_hello()->mutable_node() = node_;
  Queue(std::move(hello));
  StartCall();
}

SimulatedAgent::~SimulatedAgent() {
  context_.TryCancel();
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return done_; });
}

std::size_t SimulatedAgent::peers() const {
  const std::lock_guard lock(mutex_);
  return peer_count_;
}

absl::Status SimulatedAgent::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void SimulatedAgent::OnReadDone(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    reading_ = ok;
    if (ok && response_.has_probe_config()) {
      probe_config_ = std::move(*response_.mutable_probe_config());
    } else if (ok) {
      inbox_.push_back({std::move(response_), clock_.Now()});
    }
  }
  if (ok) StartRead(&response_);
}

void SimulatedAgent::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  outbox_.pop_front();
  if (ok) StartNextWrite();
}

void SimulatedAgent::OnDone(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  done_ = true;
  status_ = status.ok() ? absl::UnavailableError("the session ended") : FromGrpc(status);
  ended_.notify_all();
}

void SimulatedAgent::Queue(v1::SessionRequest message) {
  const std::lock_guard lock(mutex_);
  outbox_.push_back(std::move(message));
  StartNextWrite();
}

void SimulatedAgent::StartNextWrite() {
  // While a read is under way the call cannot be over.
  if (writing_ || outbox_.empty() || !reading_) return;
  writing_ = true;
  StartWrite(&outbox_.front());
}

void SimulatedAgent::Turn(std::vector<SimulatedProbe>& sent) {
  std::deque<Arrived> arrived;
  std::optional<v1::ProbeConfig> probe_config;
  {
    const std::lock_guard lock(mutex_);
    arrived.swap(inbox_);
    probe_config.swap(probe_config_);
  }
  if (probe_config) {
    const absl::StatusOr<ProbeMesh> mesh = DecodeProbeMesh(*probe_config);
    if (mesh.ok()) Adopt(*mesh);
  }
  for (const Arrived& one : arrived) Handle(one);
  const MonotonicTime now = clock_.Now();
  if (now >= next_ping_) Ping(now);
  const std::optional<ControllerTime> there = clock_map_.ToController(now);
  if (!there) return;
  SendProbe(*there, sent);
  if (run_) {
    for (v1::SessionRequest& message : run_->TakeDue(*there)) Queue(std::move(message));
  }
  if (now < next_report_) return;
  next_report_ = now + kReportInterval;
  Report(*there);
}

void SimulatedAgent::Handle(const Arrived& arrived) {
  const v1::SessionResponse& message = arrived.message;
  if (message.has_clock_pong()) {
    HandlePong(message.clock_pong(), arrived.at);
  } else if (message.has_arm()) {
    absl::StatusOr<Timeline> timeline = DecodeTimeline(message.arm().timeline());
    const RunId run(message.arm().timeline().run_id());
    if (!timeline.ok()) return Queue(EncodeRefused(run, timeline.status().message()));
    run_.emplace(*std::move(timeline));
    Queue(EncodeArmed(run, Duration(0), /*holds=*/0));
  } else if (message.has_fire() && run_) {
    const absl::StatusOr<ControllerTime> t0 = DecodeControllerTime(message.fire().t0());
    if (t0.ok()) run_->Fire(*t0);
  } else if (message.has_release()) {
    run_.reset();
    Queue(EncodeUnknownRun(RunId(message.release().run_id())));
  }
}

void SimulatedAgent::HandlePong(const v1::ClockPong& pong, MonotonicTime arrived) {
  const auto sent = DecodeTime(pong.agent_sent());
  const auto received = DecodeControllerTime(pong.controller_received());
  const auto answered = DecodeControllerTime(pong.controller_sent());
  if (sent.ok() && received.ok() && answered.ok()) clock_map_.Add(*sent, *received, *answered, arrived);
}

void SimulatedAgent::Adopt(const ProbeMesh& mesh) {
  if (mesh == mesh_) return;
  mesh_ = mesh;
  targets_.clear();
  index_.clear();
  std::vector<NodeName> names;
  for (const MeshPeer& peer : mesh.peers) {
    if (peer.ipv4) targets_.push_back({.peer = names.size(), .family = Family::kIpv4});
    if (peer.ipv6) targets_.push_back({.peer = names.size(), .family = Family::kIpv6});
    index_[peer.name] = names.size();
    names.push_back(peer.name);
  }
  schedule_.reset();
  if (!targets_.empty()) schedule_.emplace(mesh.self_id, targets_.size(), mesh.interval);
  tally_.Reset(names, mesh.window);
  const std::lock_guard lock(mutex_);
  peer_count_ = names.size();
}

void SimulatedAgent::SendProbe(ControllerTime now, std::vector<SimulatedProbe>& sent) {
  const std::optional<std::size_t> due = schedule_ ? schedule_->TakeDue(now) : std::nullopt;
  if (!due) return;
  const Target& target = targets_[*due];
  tally_.CountSent(target.peer, target.family, now);
  sent.push_back({.from = name_,
                  .to = mesh_.peers[target.peer].name,
                  .family = target.family,
                  .sequence = ++sequence_,
                  .sent_at = now});
}

void SimulatedAgent::Receive(const SimulatedProbe& probe) {
  const auto peer = index_.find(probe.from);
  if (peer == index_.end()) return;
  const MeshPeer& sender = mesh_.peers[peer->second];
  const bool ipv4 = probe.family == Family::kIpv4;
  const std::optional<IpAddress>& from = ipv4 ? sender.ipv4 : sender.ipv6;
  const ControllerTime at = probe.sent_at + kDelay;
  if (run_ && from && run_->Drops(*from, ipv4 ? ipv4_ : ipv6_, at)) return;
  tally_.CountReceived(peer->second, probe.family, probe.sequence, probe.sent_at, at);
}

void SimulatedAgent::Ping(MonotonicTime now) {
  next_ping_ = now + kPingInterval;
  v1::SessionRequest message;
  v1::ClockPing& ping = *message.mutable_clock_ping();
  if (const auto round_trip = clock_map_.RoundTrip()) *ping.mutable_best_round_trip() = EncodeDuration(*round_trip);
  *ping.mutable_agent_sent() = EncodeTime(clock_.Now());
  Queue(std::move(message));
}

void SimulatedAgent::Report(ControllerTime now) {
  v1::SessionRequest message;
  v1::Observation& observation = *message.mutable_observation();
  observation = EncodeObservation(tally_.Drain());
  observation.set_number(++observations_);
  *observation.mutable_until() = EncodeDuration(now.time_since_epoch());
  Queue(std::move(message));
}

}  // namespace faultline::bench
