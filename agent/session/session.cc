#include "agent/session/session.h"

#include <algorithm>
#include <random>
#include <stop_token>

#include "absl/strings/str_cat.h"
#include "agent/observe/observation_codec.h"
#include "agent/observe/tcp_codec.h"
#include "agent/session/messages.h"
#include "agent/session/peer.h"
#include "common/capability_codec.h"
#include "common/duration.h"
#include "common/log/log.h"
#include "common/program/compose.h"
#include "common/rpc/credentials.h"
#include "common/rpc/status.h"
#include "common/status.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kFirstPause = milliseconds(100);
constexpr Duration kLongestPause = seconds(2);
// When it is refused: nothing changes before somebody does something about it.
constexpr Duration kLongestRefusedPause = seconds(30);
constexpr Duration kConnectPatience = seconds(2);
constexpr Duration kReportInterval = milliseconds(250);
constexpr Duration kCountInterval = seconds(1);
// The first exchanges come fast, so that a run can be armed right after a node has joined.
constexpr int kQuickPings = 8;
constexpr Duration kQuickPingInterval = milliseconds(20);
constexpr Duration kPingInterval = seconds(1);
// A controller that is silent for this many of its own heartbeats is gone, whatever TCP believes.
constexpr int kSilentHeartbeats = 4;
constexpr Duration kLeastSilence = seconds(2);
constexpr Duration kFarewell = milliseconds(500);
// A timeline of half a million prefixes.
constexpr int kLargestMessage = 4 << 20;
// What waits for a controller that asks and does not listen.
constexpr std::size_t kMostAnswers = 10'000;

std::uint64_t RandomNumber() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

void WarnOfNonsense(const absl::Status& status) {
  LogWarning(absl::StrCat("the controller's message makes no sense: ", status.message()));
}

// When it is not stopped within kFarewell.
void CancelUnless(const std::stop_token& stopped, grpc::ClientContext& context) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stopped, kFarewell, [] { return false; });
  if (!stopped.stop_requested()) context.TryCancel();
}

bool IsRefusal(const absl::Status& status) {
  return absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status);
}

}  // namespace

Session::Session(SessionOptions options, CapabilitySet capabilities, EngineThread& engine, Journal& journal,
                 ClockMap& clock_map, Prober& prober, TcpProber& tcp_prober, const Clock& clock)
    : options_(std::move(options)),
      capabilities_(std::move(capabilities)),
      engine_(engine),
      journal_(journal),
      clock_map_(clock_map),
      prober_(prober),
      tcp_prober_(tcp_prober),
      clock_(clock),
      incarnation_(RandomNumber()),
      ec2_(options_.ec2),
      examiner_(options_.examine, [this](v1::SessionRequest message) { Queue(std::move(message)); }) {
  journal_.SetWaker([this] { Wake(); });
  thread_ = std::thread([this] { Loop(); });
}

Session::~Session() {
  journal_.SetWaker(nullptr);
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
    wake_.wait_for(lock, kFarewell, [this] { return context_ == nullptr; });
    if (context_ != nullptr) context_->TryCancel();
  }
  thread_.join();
}

void Session::Redial() {
  const std::lock_guard lock(mutex_);
  if (context_ != nullptr) context_->TryCancel();
}

void Session::Loop() {
  Duration pause = kFirstPause;
  absl::Status reported;
  while (true) {
    const MonotonicTime began = clock_.Now();
    // The prober keeps little by itself.
    CollectObservations();
    const absl::Status status = RunOnce();
    const bool was_up = clock_.Now() - began > kLongestPause + kConnectPatience;
    if (was_up) pause = kFirstPause;
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    if (was_up || status != reported) {
      LogWarning(absl::StrCat("controller ", options_.controller, ": ", status.message(),
                              "; dialling again until it answers"));
    }
    reported = status;
    if (wake_.wait_for(lock, pause, [this] { return stopping_; })) return;
    pause = std::min(pause * 2, IsRefusal(status) ? kLongestRefusedPause : kLongestPause);
  }
}

absl::Status Session::RunOnce() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kLargestMessage);
  FAULTLINE_ASSIGN_OR_RETURN(const auto channel, OpenChannel(options_.controller, options_.security, arguments));
  FAULTLINE_RETURN_IF_ERROR(AwaitConnected(channel, kConnectPatience));
  grpc::ClientContext context;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return absl::CancelledError("stopping");
    context_ = &context;
    stream_over_ = false;
    outbox_.clear();
  }
  clock_map_.Reset();
  heartbeat_interval_ = 0;
  last_heard_ = clock_.Now().time_since_epoch().count();
  next_ping_ = next_report_ = next_count_ = clock_.Now();
  pings_sent_ = 0;
  journal_cursor_ = 0;
  observation_cursor_ = 0;
  welcomed_ = false;
  counters_.clear();
  examiner_.Forget();

  const auto stub = v1::AgentSessionService::NewStub(channel);
  const std::unique_ptr<Stream> stream = stub->Session(&context);
  absl::StatusOr<v1::SessionRequest> hello = MakeHello();
  if (hello.ok() && stream->Write(*hello)) {
    std::thread writer([this, &stream] { WriteLoop(*stream); });
    v1::SessionResponse message;
    while (stream->Read(&message)) {
      peer_ = context.peer();
      Handle(message);
    }
    registered_ = false;
    {
      const std::lock_guard lock(mutex_);
      stream_over_ = true;
    }
    wake_.notify_all();
    writer.join();
  }
  if (!hello.ok()) context.TryCancel();
  // Its status comes at once if the controller ended the stream; if it was ended for what the controller sends, never.
  std::jthread patience([&context](const std::stop_token& finished) { CancelUnless(finished, context); });
  const absl::Status finished = FromGrpc(stream->Finish());
  patience.request_stop();
  patience.join();
  {
    const std::lock_guard lock(mutex_);
    context_ = nullptr;
  }
  wake_.notify_all();
  if (!hello.ok()) return hello.status();
  return finished.ok() ? absl::UnavailableError("ended the session") : finished;
}

absl::StatusOr<std::vector<Interface>> Session::UsableInterfaces() {
  FAULTLINE_ASSIGN_OR_RETURN(std::vector<Interface> all, engine_.Interfaces());
  return Usable(std::move(all));
}

std::vector<Interface> Session::Usable(std::vector<Interface> interfaces) const {
  if (options_.interfaces.empty()) return interfaces;
  std::erase_if(interfaces, [this](const Interface& candidate) {
    return std::find(options_.interfaces.begin(), options_.interfaces.end(), candidate.name) ==
           options_.interfaces.end();
  });
  return interfaces;
}

absl::StatusOr<v1::SessionRequest> Session::MakeHello() {
  const std::lock_guard lock(describing_);
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Interface> interfaces, UsableInterfaces());
  v1::SessionRequest message;
  *message.mutable_hello()->mutable_node() = DescribeNode(interfaces);
  for (const RunId& run : engine_.Held()) message.mutable_hello()->add_held_runs(run.text());
  return message;
}

v1::NodeInfo Session::DescribeNode(const std::vector<Interface>& interfaces) const {
  v1::NodeInfo node;
  node.set_name(options_.name.text());
  for (const Interface& interface : interfaces) {
    for (const Interface::Address& address : interface.addresses) {
      v1::NodeAddress& out = *node.add_addresses();
      out.set_address(address.address.ToBytes());
      out.set_prefix_length(static_cast<std::uint32_t>(address.prefix_length));
      out.set_interface(interface.name);
    }
  }
  const auto labels = ec2_ ? LabelsOf(options_.labels, *ec2_) : options_.labels;
  for (const auto& [key, value] : labels) (*node.mutable_labels())[key] = value;
  if (ec2_) *node.mutable_ec2() = EncodeEc2(*ec2_);
  *node.mutable_capabilities() = EncodeCapabilities(capabilities_, options_.platform);
  node.set_agent_version(FAULTLINE_VERSION);
  node.set_incarnation(incarnation_);
  return node;
}

void Session::OnInterfaces(const std::vector<Interface>& interfaces) {
  const std::vector<Interface> usable = Usable(interfaces);
  std::map<std::string, int> now;
  for (const Interface& interface : usable) {
    now[interface.name] = interface.index;
    const auto known = attached_.find(interface.name);
    if (known != attached_.end() && known->second == interface.index) continue;
    const absl::Status status = engine_.Attach(interface.name);
    if (status.ok()) {
      LogInfo(absl::StrCat("interface ", interface.name, ": faults act on it"));
    } else {
      LogError(absl::StrCat("interface ", interface.name, ": faults in progress do not act on it: ", status.message()));
    }
  }
  for (const auto& [name, index] : attached_) {
    if (now.contains(name)) continue;
    LogInfo(absl::StrCat("interface ", name, ": gone, or without an address"));
    engine_.Tell({{.text = absl::StrCat("interface ", name, " has gone or has no address any more")}});
  }
  attached_ = std::move(now);
  const std::lock_guard lock(describing_);
  QueueUpdate(usable);
}

void Session::OnEc2(Ec2Identity identity) {
  const std::lock_guard lock(describing_);
  ec2_ = std::move(identity);
  const absl::StatusOr<std::vector<Interface>> interfaces = UsableInterfaces();
  // The hello of the next session says it all.
  if (!interfaces.ok()) return Redial();
  QueueUpdate(*interfaces);
}

void Session::QueueUpdate(const std::vector<Interface>& interfaces) {
  v1::SessionRequest message;
  *message.mutable_node_update() = DescribeNode(interfaces);
  Queue(std::move(message));
}

void Session::Handle(const v1::SessionResponse& message) {
  const MonotonicTime arrived = clock_.Now();
  last_heard_ = arrived.time_since_epoch().count();
  switch (message.message_case()) {
    case v1::SessionResponse::kWelcome:
      return HandleWelcome(message.welcome());
    case v1::SessionResponse::kClockPong: {
      const auto sent = DecodeTime(message.clock_pong().agent_sent());
      const auto received = DecodeControllerTime(message.clock_pong().controller_received());
      const auto answered = DecodeControllerTime(message.clock_pong().controller_sent());
      if (sent.ok() && received.ok() && answered.ok()) clock_map_.Add(*sent, *received, *answered, arrived);
      return;
    }
    case v1::SessionResponse::kHeartbeat:
      return HandleHeartbeat(message.heartbeat());
    case v1::SessionResponse::kArm:
      return HandleArm(message.arm());
    case v1::SessionResponse::kFire:
      return HandleFire(message.fire());
    case v1::SessionResponse::kProceed:
      return HandleProceed(message.proceed());
    case v1::SessionResponse::kRelease:
      return HandleRelease(message.release());
    case v1::SessionResponse::kProbeConfig: {
      absl::Status status = ConfigureProber(prober_, message.probe_config());
      if (!status.ok()) LogError(absl::StrCat("probes: ", status.message()));
      return;
    }
    case v1::SessionResponse::kProbeBursts: {
      absl::Status status = ConfigureBursts(prober_, message.probe_bursts());
      if (!status.ok()) LogError(absl::StrCat("probe bursts: ", status.message()));
      return;
    }
    case v1::SessionResponse::kTcpProbeConfig: {
      const absl::Status status = ConfigureTcpProber(tcp_prober_, message.tcp_probe_config());
      if (!status.ok()) LogError(absl::StrCat("TCP probes: ", status.message()));
      return;
    }
    case v1::SessionResponse::kExamine:
      return examiner_.Ask(message.examine().id());
    case v1::SessionResponse::MESSAGE_NOT_SET:
      LogWarning("the controller sent a message this version does not know; ignoring");
      return;
  }
}

void Session::HandleWelcome(const v1::Welcome& welcome) {
  const absl::StatusOr<Duration> interval = DecodeDuration(welcome.heartbeat_interval());
  if (interval.ok()) heartbeat_interval_ = interval->count();
  registered_ = true;
  LogInfo(absl::StrCat("registered as ", options_.name.text(), " at ", options_.controller));
  if (welcome.incarnation() != controller_incarnation_) {
    // What there is was timed by another controller's clock.
    prober_.Drain();
    prober_.DrainBursts();
    tcp_prober_.Drain();
    observations_.Clear();
    controller_incarnation_ = welcome.incarnation();
  }
  welcomed_ = true;
}

void Session::HandleArm(const v1::Arm& arm) {
  const absl::StatusOr<RunId> named = DecodeRunId(arm.timeline().run_id());
  if (!named.ok()) return WarnOfNonsense(named.status());
  const RunId& run = *named;
  const MonotonicTime began = clock_.Now();
  const absl::Status status = Arm(arm.timeline());
  if (status.ok()) {
    const Duration took = clock_.Now() - began;
    LogInfo(absl::StrCat("armed in ", FormatDuration(took)), {.run = run.text()});
    Queue(EncodeArmed(run, took, static_cast<std::size_t>(arm.timeline().holds_size())));
  } else {
    const std::string reason = Tame(status.message());
    LogWarning(absl::StrCat("refused: ", reason), {.run = run.text()});
    Queue(EncodeRefused(run, reason));
  }
}

absl::Status Session::Arm(const v1::Timeline& message) {
  FAULTLINE_ASSIGN_OR_RETURN(const Timeline timeline, DecodeTimeline(message));
  if (timeline.node != options_.name) {
    return absl::FailedPreconditionError(absl::StrCat("the timeline is for node ", timeline.node.text()));
  }
  if (!clock_map_.RoundTrip()) return absl::UnavailableError("the clocks are not synchronised yet; try again");
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Interface> interfaces, UsableInterfaces());
  NodeFacts facts{.devices = {},
                  .protect = options_.protect(),
                  .has = capabilities_,
                  .platform = options_.platform,
                  .lane_memory = options_.lane_memory};
  for (const Interface& interface : interfaces) facts.devices.push_back(interface.name);
  if (const auto endpoint = EndpointOfPeer(peer_)) facts.protect.endpoints.push_back(*endpoint);
  FAULTLINE_ASSIGN_OR_RETURN(const Program program, Compose(timeline, facts));
  return engine_.Arm(timeline, program);
}

void Session::HandleFire(const v1::Fire& fire) {
  const absl::StatusOr<RunId> named = DecodeRunId(fire.run_id());
  if (!named.ok()) return WarnOfNonsense(named.status());
  const RunId& run = *named;
  const absl::StatusOr<ControllerTime> t0 = DecodeControllerTime(fire.t0());
  const std::optional<MonotonicTime> local = t0.ok() ? clock_map_.ToLocal(*t0) : std::nullopt;
  const absl::Status status =
      local ? engine_.Fire(run, *local) : absl::InvalidArgumentError("it has no usable start time");
  if (status.ok()) {
    LogInfo(absl::StrCat("fired, T0 in ", FormatDuration(*local - clock_.Now())), {.run = run.text()});
  } else {
    LogError(absl::StrCat("cannot fire: ", status.message()), {.run = run.text()});
    engine_.End(run, RunEnd::kFailed, status.message()).IgnoreError();  // It may not be held at all.
  }
}

void Session::HandleProceed(const v1::Proceed& proceed) {
  const absl::StatusOr<RunId> named = DecodeRunId(proceed.run_id());
  if (!named.ok()) return WarnOfNonsense(named.status());
  const RunId& run = *named;
  const absl::StatusOr<Duration> length = DecodeDuration(proceed.length());
  const absl::Status status = length.ok() ? engine_.Proceed(run, proceed.hold(), *length) : length.status();
  if (status.ok()) {
    LogInfo(absl::StrCat("hold ", proceed.hold(), " lasts ", FormatDuration(*length)), {.run = run.text()});
  } else {
    LogError(absl::StrCat("cannot proceed: ", status.message()), {.run = run.text()});
    engine_.End(run, RunEnd::kFailed, status.message()).IgnoreError();  // It may not be held any more.
  }
}

void Session::HandleHeartbeat(const v1::Heartbeat& heartbeat) {
  observations_.Forget(heartbeat.observations_taken());
  const absl::StatusOr<ControllerTime> sent = DecodeControllerTime(heartbeat.controller_sent());
  const std::optional<MonotonicTime> heard = sent.ok() ? clock_map_.ToLocal(*sent) : std::nullopt;
  if (!heard || heartbeat.run_ids().empty()) return;
  const std::vector<RunId> runs(heartbeat.run_ids().begin(), heartbeat.run_ids().end());
  engine_.Renew(runs, std::min(*heard, clock_.Now()));
}

void Session::HandleRelease(const v1::Release& release) {
  const absl::StatusOr<RunId> run = DecodeRunId(release.run_id());
  if (!run.ok()) return WarnOfNonsense(run.status());
  const absl::Status status = engine_.End(*run, RunEnd::kReleased, Tame(release.reason()));
  if (absl::IsNotFound(status)) Queue(EncodeUnknownRun(*run));
}

void Session::WriteLoop(Stream& stream) {
  while (true) {
    const MonotonicTime now = clock_.Now();
    const Duration silence = now.time_since_epoch() - Duration(last_heard_.load());
    const Duration patience = std::max(kLeastSilence, kSilentHeartbeats * Duration(heartbeat_interval_.load()));
    if (silence > patience) {
      const std::lock_guard lock(mutex_);
      if (context_ != nullptr) context_->TryCancel();
      return;
    }
    // A write fails when the stream is over; the reader will hear why.
    if (!WriteDue(stream, now)) return;
    std::unique_lock lock(mutex_);
    const auto due = [this] { return stream_over_ || stopping_ || awake_ || !outbox_.empty(); };
    wake_.wait_until(lock, ToSteady(std::min(next_ping_, next_report_)), due);
    awake_ = false;
    if (stream_over_) return;
    if (stopping_) {
      lock.unlock();
      if (WriteDue(stream, clock_.Now())) stream.WritesDone();
      return;
    }
  }
}

bool Session::WriteDue(Stream& stream, MonotonicTime now) {
  if (now >= next_ping_ && !WritePing(stream, now)) return false;
  std::deque<v1::SessionRequest> queued;
  {
    const std::lock_guard lock(mutex_);
    queued.swap(outbox_);
  }
  // What happened goes before what was answered: "no such run" must not overtake how that run ended.
  const std::vector<v1::SessionRequest> happened = journal_.ReadFrom(journal_cursor_);
  queued.insert(queued.begin(), happened.begin(), happened.end());
  const auto write = [&stream](const v1::SessionRequest& message) { return stream.Write(message); };
  if (!std::all_of(queued.begin(), queued.end(), write)) return false;
  if (now >= next_count_ && !WriteCounters(stream)) return false;
  if (now < next_report_) return true;
  next_report_ = now + kReportInterval;
  CollectObservations();
  return WriteObservations(stream);
}

void Session::CollectObservations() {
  // Before the draining: what is counted meanwhile belongs to the next.
  const std::optional<ControllerTime> until = clock_map_.ToController(clock_.Now());
  v1::Observation observation = DrainProber(prober_);
  DrainTcpProber(tcp_prober_, observation);
  if (until) *observation.mutable_until() = EncodeDuration(until->time_since_epoch());
  observations_.Add(std::move(observation));
}

bool Session::WriteObservations(Stream& stream) {
  if (!welcomed_) return true;
  const std::uint64_t lost = prober_.status().dropped_windows + tcp_prober_.dropped();
  v1::SessionRequest message;
  while (observations_.ReadNext(observation_cursor_, lost, *message.mutable_observation())) {
    if (!stream.Write(message)) return false;
  }
  return true;
}

bool Session::WriteCounters(Stream& stream) {
  next_count_ = clock_.Now() + kCountInterval;
  std::map<RunId, std::vector<RuleCounters>> now = engine_.ReadCounters();
  for (const auto& [run, counters] : now) {
    const auto told = counters_.find(run);
    if (told != counters_.end() && told->second == counters) continue;
    if (!stream.Write(EncodeCounters(run, counters))) return false;
  }
  if (!now.empty()) counters_ = std::move(now);
  return true;
}

bool Session::WritePing(Stream& stream, MonotonicTime now) {
  next_ping_ = now + (++pings_sent_ < kQuickPings ? kQuickPingInterval : kPingInterval);
  v1::SessionRequest message;
  v1::ClockPing& ping = *message.mutable_clock_ping();
  if (const auto round_trip = clock_map_.RoundTrip()) *ping.mutable_best_round_trip() = EncodeDuration(*round_trip);
  *ping.mutable_agent_sent() = EncodeTime(clock_.Now());
  return stream.Write(message);
}

void Session::Queue(v1::SessionRequest message) {
  {
    const std::lock_guard lock(mutex_);
    if (outbox_.size() < kMostAnswers) {
      outbox_.push_back(std::move(message));
    } else if (context_ != nullptr) {
      context_->TryCancel();
    }
  }
  wake_.notify_all();
}

void Session::Wake() {
  {
    const std::lock_guard lock(mutex_);
    awake_ = true;
  }
  wake_.notify_all();
}

}  // namespace faultline
