#include "controller/rpc/session_service.h"

#include <spdlog/spdlog.h>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/rpc/status.h"
#include "common/status.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

// An agent that reads nothing for this many messages is ended rather than remembered.
constexpr std::size_t kMostQueued = 10'000;

// One agent's stream. Owns itself until gRPC says that it is done; the fleet holds a LinkHandle, which outlives it
// safely.
class SessionReactor : public grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse> {
 public:
  SessionReactor(const Clock& clock, Fleet& fleet, Coordinator& coordinator, Duration heartbeat_interval,
                 grpc::CallbackServerContext& context)
      : clock_(clock),
        fleet_(fleet),
        coordinator_(coordinator),
        heartbeat_interval_(heartbeat_interval),
        context_(context),
        peer_(context.peer()),
        link_(std::make_shared<LinkHandle>(this)) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return End(grpc::Status::OK);
    const MonotonicTime arrived = clock_.Now();
    const absl::Status status = Handle(request_, arrived);
    if (!status.ok()) {
      spdlog::warn("agent at {}: {}", peer_, std::string(status.message()));
      return End(ToGrpc(status));
    }
    StartRead(&request_);
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    outbox_.pop_front();
    if (finish_with_) return Finish(*finish_with_);
    if (!ok) return FinishLocked(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the stream broke"));
    StartNextWrite();
  }

  void OnCancel() override { End(grpc::Status::CANCELLED); }

  void OnDone() override {
    link_->Detach();
    if (!node_.empty() && fleet_.Leave(node_, link_.get())) {
      spdlog::warn("node {}: session ended", node_.text());
      coordinator_.OnLeave(node_);
    }
    delete this;
  }

 private:
  // What the fleet holds. Detached when the reactor goes.
  class LinkHandle : public AgentLink {
   public:
    explicit LinkHandle(SessionReactor* reactor) : reactor_(reactor) {}
    void Send(v1::SessionResponse message) override {
      const std::lock_guard lock(mutex_);
      if (reactor_ != nullptr) reactor_->Queue(std::move(message));
    }
    void Close(absl::Status reason) override {
      const std::lock_guard lock(mutex_);
      if (reactor_ != nullptr) reactor_->End(ToGrpc(reason));
    }
    void Detach() {
      const std::lock_guard lock(mutex_);
      reactor_ = nullptr;
    }

   private:
    std::mutex mutex_;
    SessionReactor* reactor_;
  };

  absl::Status Handle(const v1::SessionRequest& request, MonotonicTime arrived) {
    if (node_.empty()) {
      if (!request.has_hello()) return absl::InvalidArgumentError("the first message is not hello");
      return HandleHello(request.hello());
    }
    switch (request.message_case()) {
      case v1::SessionRequest::kHello:
        return absl::InvalidArgumentError("a second hello");
      case v1::SessionRequest::kClockPing:
        return HandlePing(request.clock_ping(), arrived);
      case v1::SessionRequest::kArmed:
        coordinator_.OnArmed(node_, request.armed());
        return absl::OkStatus();
      case v1::SessionRequest::kRefused:
        coordinator_.OnRefused(node_, request.refused());
        return absl::OkStatus();
      case v1::SessionRequest::kStepEvent:
        coordinator_.OnStepEvent(node_, request.step_event());
        return absl::OkStatus();
      case v1::SessionRequest::kRunEnd:
        coordinator_.OnRunEnd(node_, request.run_end());
        return absl::OkStatus();
      case v1::SessionRequest::kObservation:
        coordinator_.OnObservation(node_, request.observation());
        return absl::OkStatus();
      case v1::SessionRequest::kForeignChange:
        coordinator_.OnForeignChange(node_, request.foreign_change());
        return absl::OkStatus();
      case v1::SessionRequest::kCounters:
        coordinator_.OnCounters(node_, request.counters());
        return absl::OkStatus();
      case v1::SessionRequest::kNodeUpdate:
        FAULTLINE_RETURN_IF_ERROR(fleet_.Update(node_, request.node_update()));
        coordinator_.OnUpdate();
        spdlog::info("node {}: its addresses or interfaces have changed", node_.text());
        return absl::OkStatus();
      case v1::SessionRequest::MESSAGE_NOT_SET:
        return absl::OkStatus();  // From a newer agent.
    }
    return absl::OkStatus();
  }

  absl::Status HandleHello(const v1::Hello& hello) {
    v1::SessionResponse welcome;
    *welcome.mutable_welcome()->mutable_heartbeat_interval() = EncodeDuration(heartbeat_interval_);
    welcome.mutable_welcome()->set_incarnation(fleet_.incarnation());
    FAULTLINE_RETURN_IF_ERROR(fleet_.Join(hello.node(), link_, std::move(welcome)));
    node_ = NodeName(hello.node().name());
    spdlog::info("node {}: registered from {}, kernel {}", node_.text(), peer_,
                 hello.node().capabilities().kernel_release());
    coordinator_.OnJoin(node_, {hello.held_runs().begin(), hello.held_runs().end()});
    return absl::OkStatus();
  }

  absl::Status HandlePing(const v1::ClockPing& ping, MonotonicTime arrived) {
    std::optional<Duration> round_trip;
    if (ping.has_best_round_trip()) {
      FAULTLINE_ASSIGN_OR_RETURN(round_trip, DecodeDuration(ping.best_round_trip()));
    }
    fleet_.OnPing(node_, arrived, round_trip);
    v1::SessionResponse response;
    v1::ClockPong& pong = *response.mutable_clock_pong();
    *pong.mutable_agent_sent() = ping.agent_sent();
    *pong.mutable_controller_received() = EncodeDuration(arrived.time_since_epoch());
    *pong.mutable_controller_sent() = EncodeDuration(clock_.Now().time_since_epoch());
    Queue(std::move(response));
    return absl::OkStatus();
  }

  void Queue(v1::SessionResponse message) {
    const std::lock_guard lock(mutex_);
    if (finish_with_) return;
    if (outbox_.size() >= kMostQueued) {
      context_.TryCancel();
      return FinishLocked(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "the agent does not read"));
    }
    outbox_.push_back(std::move(message));
    StartNextWrite();
  }

  void StartNextWrite() {
    if (writing_ || outbox_.empty()) return;
    writing_ = true;
    StartWrite(&outbox_.front());
  }

  void End(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    FinishLocked(status);
  }

  // Once; after the write in progress, if there is one.
  void FinishLocked(const grpc::Status& status) {
    if (finish_with_) return;
    finish_with_ = status;
    if (!writing_) Finish(status);
  }

  const Clock& clock_;
  Fleet& fleet_;
  Coordinator& coordinator_;
  const Duration heartbeat_interval_;
  grpc::CallbackServerContext& context_;
  const std::string peer_;
  const std::shared_ptr<LinkHandle> link_;
  // The reader's own.
  v1::SessionRequest request_;
  NodeName node_;

  std::mutex mutex_;
  std::deque<v1::SessionResponse> outbox_;
  bool writing_ = false;
  std::optional<grpc::Status> finish_with_;
};

}  // namespace

SessionService::SessionService(const Clock& clock, Fleet& fleet, Coordinator& coordinator, Duration heartbeat_interval)
    : clock_(clock), fleet_(fleet), coordinator_(coordinator), heartbeat_interval_(heartbeat_interval) {}

grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* SessionService::Session(
    grpc::CallbackServerContext* context) {
  return new SessionReactor(clock_, fleet_, coordinator_, heartbeat_interval_, *context);
}

}  // namespace faultline
