#include "agent/session/session.h"

#include <algorithm>
#include <random>
#include <stop_token>

#include "absl/strings/str_cat.h"
#include "agent/session/messages.h"
#include "common/backoff.h"
#include "common/capability_codec.h"
#include "common/log/log.h"
#include "common/memory.h"
#include "common/rpc/credentials.h"
#include "common/rpc/status.h"
#include "common/status.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kFirstPause = milliseconds(100);
constexpr Duration kLongestPause = seconds(2);
// When it is refused: nothing changes before somebody does something about it.
constexpr Duration kLongestRefusedPause = seconds(30);
constexpr Duration kConnectPatience = seconds(2);
constexpr Duration kFarewell = milliseconds(500);
// A timeline of half a million prefixes.
constexpr int kLargestMessage = 4 << 20;
// Of 13 000 prefixes: in memory, in all its shapes, it takes 1 MB and more.
constexpr std::size_t kLargeArm = 64 << 10;

std::uint64_t RandomNumber() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
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
  HangUp(absl::CancelledError("this session is replaced"));
}

void Session::HangUp(absl::Status why) {
  if (context_ == nullptr) return;
  hung_up_.Update(std::move(why));
  context_->TryCancel();
}

void Session::Loop() {
  Backoff backoff(kFirstPause, incarnation_);
  absl::Status reported;
  while (true) {
    const MonotonicTime began = clock_.Now();
    // The prober keeps little by itself.
    CollectObservations(/*told_anyway=*/false);
    const absl::Status status = RunOnce();
    const bool was_up = clock_.Now() - began > kLongestPause + kConnectPatience;
    if (was_up) backoff.Reset();
    const Duration pause = backoff.Next(IsRefusal(status) ? kLongestRefusedPause : kLongestPause);
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    if (was_up || status != reported) {
      LogWarning(absl::StrCat("controller ", options_.controller, ": ", status.message(),
                              "; dialling again until it answers"));
    }
    reported = status;
    if (wake_.wait_for(lock, pause, [this] { return stopping_; })) return;
  }
}

absl::Status Session::RunOnce() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kLargestMessage);
  // It pings by itself whenever something comes, to size a window that no message but a large timeline fills.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  FAULTLINE_ASSIGN_OR_RETURN(const auto channel, OpenChannel(options_.controller, options_.security, arguments));
  FAULTLINE_RETURN_IF_ERROR(AwaitConnected(channel, kConnectPatience));
  grpc::ClientContext context;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return absl::CancelledError("stopping");
    context_ = &context;
    stream_over_ = false;
    hung_up_ = absl::OkStatus();
  }
  clock_map_.Reset();
  rhythm_.emplace(clock_.Now());
  next_count_ = clock_.Now();
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
    while (ReadOne(context, *stream)) {
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
  absl::Status finished = FromGrpc(stream->Finish());
  patience.request_stop();
  patience.join();
  {
    const std::lock_guard lock(mutex_);
    context_ = nullptr;
    if (!hung_up_.ok()) finished = hung_up_;
  }
  wake_.notify_all();
  if (!hello.ok()) return hello.status();
  return finished.ok() ? absl::UnavailableError("ended the session") : finished;
}

bool Session::ReadOne(const grpc::ClientContext& context, Stream& stream) {
  bool was_large_arm = false;
  {
    v1::SessionResponse message;
    if (!stream.Read(&message)) return false;
    peer_ = context.peer();
    Handle(message);
    rhythm_->Handled();
    was_large_arm = message.has_arm() && message.ByteSizeLong() >= kLargeArm;
  }
  if (was_large_arm) {
    holds_large_ = true;
    // It was in memory in several shapes at once, of which one is left.
    ReturnFreedMemory();
  }
  return true;
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
  {
    // All of it is of an earlier stream, or older than what is described now.
    const std::lock_guard queue_lock(mutex_);
    outbox_.clear();
  }
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Interface> interfaces, UsableInterfaces());
  v1::SessionRequest message;
  *message.mutable_hello()->mutable_node() = DescribeNode(interfaces);
  for (const RunId& run : engine_.Held()) message.mutable_hello()->add_held_runs(run.text());
  return message;
}

v1::NodeInfo Session::DescribeNode(const std::vector<Interface>& interfaces) const {
  v1::NodeInfo node;
  node.set_name(options_.name.text());
  AddAddresses(interfaces, node);
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
  QueueUpdate();
}

void Session::OnEc2(Ec2Identity identity) {
  const std::lock_guard lock(describing_);
  ec2_ = std::move(identity);
  QueueUpdate();
}

void Session::QueueUpdate() {
  const absl::StatusOr<std::vector<Interface>> interfaces = UsableInterfaces();
  // The hello of the next session says it all.
  if (!interfaces.ok()) return Redial();
  v1::SessionRequest message;
  *message.mutable_node_update() = DescribeNode(*interfaces);
  Queue(std::move(message));
}

}  // namespace faultline
