#include "controller/rpc/session_service.h"

#include <grpcpp/alarm.h>

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/rpc/status.h"
#include "common/status.h"
#include "common/timeline_codec.h"
#include "common/token_bucket.h"
#include "controller/run/agent_claims.h"

namespace faultline {
namespace {

// An agent that reads nothing for this many messages is ended rather than remembered.
constexpr std::size_t kMostQueued = 10'000;

// What an agent says after it was cut off for as long as it remembers, and all the time, many times over.
constexpr std::uint64_t kMostMessagesAtOnce = 50'000;
constexpr std::uint64_t kMostMessagesPerSecond = 500;

// Who is to go has so long to read what is being written.
constexpr std::chrono::milliseconds kLastWrite(300);

// One agent's stream. Owns itself until gRPC says that it is done; the fleet holds a LinkHandle, which outlives it
// safely.
class SessionReactor : public grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse> {
 public:
  SessionReactor(const SessionParts& parts, grpc::CallbackServerContext& context)
      : parts_(parts), context_(context), peer_(context.peer()), link_(std::make_shared<LinkHandle>(this)) {
    absl::StatusOr<NodeProof> proof = parts_.gate.IdentifyNode(context);
    if (!proof.ok()) {
      Refuse(proof.status());
      return;
    }
    proof_ = *std::move(proof);
    // It may go off when this has gone.
    hello_alarm_.emplace().Set(std::chrono::system_clock::now() + parts_.hello_patience, [link = link_](bool late) {
      if (late) link->Close(absl::DeadlineExceededError("no hello has come"));
    });
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return End(grpc::Status::OK);
    if (Ending()) return;
    const MonotonicTime now = parts_.clock.Now();
    absl::Status status = CheckSize(request_);
    if (status.ok() && !messages_.Take(1, now))
      status = absl::ResourceExhaustedError("it says more than any agent has to");
    if (status.ok()) status = Handle(request_, now);
    if (!status.ok()) return Refuse(status);
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
    if (!node_.empty() && parts_.fleet.Leave(node_, link_.get())) {
      LogWarning("session ended", {.node = node_.text()});
      parts_.coordinator.OnLeave(node_);
      parts_.examinations.OnLeave(node_);
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
      if (reactor_ != nullptr) reactor_->Break(ToGrpc(reason));
    }
    void Cancel() {
      const std::lock_guard lock(mutex_);
      if (reactor_ != nullptr) reactor_->context_.TryCancel();
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
    if (parts_.clock.WallNow() >= proof_.until) return absl::UnauthenticatedError("its certificate has ended");
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
        parts_.coordinator.OnArmed(node_, request.armed());
        return absl::OkStatus();
      case v1::SessionRequest::kRefused:
        parts_.coordinator.OnRefused(node_, request.refused());
        return absl::OkStatus();
      case v1::SessionRequest::kStepEvent:
        parts_.coordinator.OnStepEvent(node_, request.step_event());
        return absl::OkStatus();
      case v1::SessionRequest::kRunEnd:
        parts_.coordinator.OnRunEnd(node_, request.run_end());
        return absl::OkStatus();
      case v1::SessionRequest::kObservation:
        parts_.coordinator.OnObservation(node_, request.observation(), arrived);
        return absl::OkStatus();
      case v1::SessionRequest::kForeignChange:
        parts_.coordinator.OnForeignChange(node_, request.foreign_change());
        return absl::OkStatus();
      case v1::SessionRequest::kCounters:
        parts_.coordinator.OnCounters(node_, request.counters());
        return absl::OkStatus();
      case v1::SessionRequest::kExamined:
        parts_.examinations.OnExamined(node_, request.examined());
        return absl::OkStatus();
      case v1::SessionRequest::kNodeUpdate:
        FAULTLINE_RETURN_IF_ERROR(parts_.fleet.Update(node_, request.node_update()));
        parts_.coordinator.OnUpdate();
        LogInfo("its addresses or interfaces have changed", {.node = node_.text()});
        return absl::OkStatus();
      case v1::SessionRequest::MESSAGE_NOT_SET:
        return absl::OkStatus();  // From a newer agent.
    }
    return absl::OkStatus();
  }

  absl::Status HandleHello(const v1::Hello& hello) {
    if (proof_.node && proof_.node->text() != hello.node().name()) {
      return absl::PermissionDeniedError(absl::StrCat("its certificate is of node '", proof_.node->text(),
                                                      "', and it calls itself '", hello.node().name(),
                                                      "': a node can only speak for itself"));
    }
    hello_alarm_.reset();
    if (proof_.until != WallTime::max()) {
      end_alarm_.emplace().Set(std::chrono::time_point_cast<std::chrono::system_clock::duration>(proof_.until),
                               [link = link_](bool ended) {
                                 if (ended) link->Close(absl::UnauthenticatedError("its certificate has ended"));
                               });
    }
    v1::SessionResponse welcome;
    *welcome.mutable_welcome()->mutable_heartbeat_interval() = EncodeDuration(parts_.heartbeat_interval);
    welcome.mutable_welcome()->set_incarnation(parts_.fleet.incarnation());
    FAULTLINE_RETURN_IF_ERROR(parts_.fleet.Join(hello.node(), link_, std::move(welcome)));
    node_ = NodeName(hello.node().name());
    // Who was sent away just now was not there to be told.
    FAULTLINE_RETURN_IF_ERROR(parts_.gate.IdentifyNode(context_).status());
    LogInfo(absl::StrCat("registered from ", peer_, ", kernel ", hello.node().capabilities().kernel_release()),
            {.node = node_.text()});
    parts_.coordinator.OnJoin(node_, {hello.held_runs().begin(), hello.held_runs().end()});
    return absl::OkStatus();
  }

  absl::Status HandlePing(const v1::ClockPing& ping, MonotonicTime arrived) {
    std::optional<Duration> round_trip;
    if (ping.has_best_round_trip()) {
      FAULTLINE_ASSIGN_OR_RETURN(round_trip, DecodeDuration(ping.best_round_trip()));
    }
    v1::SessionResponse response;
    v1::ClockPong& pong = *response.mutable_clock_pong();
    *pong.mutable_pause() = EncodeDuration(parts_.fleet.OnPing(node_, arrived, round_trip));
    *pong.mutable_agent_sent() = ping.agent_sent();
    *pong.mutable_controller_received() = EncodeDuration(arrived.time_since_epoch());
    *pong.mutable_controller_sent() = EncodeDuration(parts_.clock.Now().time_since_epoch());
    Queue(std::move(response));
    return absl::OkStatus();
  }

  void Refuse(const absl::Status& status) {
    LogWarning(absl::StrCat("agent at ", peer_, ": ", status.message()));
    if (absl::IsPermissionDenied(status) || absl::IsUnauthenticated(status)) {
      const std::string uri =
          proof_.node ? IdentityUri({.kind = IdentityKind::kNode, .name = std::string(proof_.node->text())}) : "";
      parts_.admission.RecordNoSession({.name = uri, .from = peer_}, status);
    }
    End(ToGrpc(status));
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

  // The same for who may have stopped reading: the reason comes after what is being written, if that is read soon.
  void Break(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    FinishLocked(status);
    if (!writing_ || std::exchange(breaking_, true)) return;
    break_alarm_.emplace().Set(std::chrono::system_clock::now() + kLastWrite, [link = link_](bool late) {
      if (late) link->Cancel();
    });
  }

  bool Ending() {
    const std::lock_guard lock(mutex_);
    return finish_with_.has_value();
  }

  // Once; after the write in progress, if there is one.
  void FinishLocked(const grpc::Status& status) {
    if (finish_with_) return;
    finish_with_ = status;
    if (!writing_) Finish(status);
  }

  const SessionParts& parts_;
  grpc::CallbackServerContext& context_;
  const std::string peer_;
  const std::shared_ptr<LinkHandle> link_;
  NodeProof proof_;
  // Each takes room, and most sessions have none after their hello.
  std::optional<grpc::Alarm> hello_alarm_;
  std::optional<grpc::Alarm> break_alarm_;
  std::optional<grpc::Alarm> end_alarm_;
  // The reader's own.
  TokenBucket messages_{kMostMessagesAtOnce, kMostMessagesPerSecond};
  v1::SessionRequest request_;
  NodeName node_;

  std::mutex mutex_;
  // Of most sessions it is empty most of the time.
  std::list<v1::SessionResponse> outbox_;
  bool writing_ = false;
  bool breaking_ = false;
  std::optional<grpc::Status> finish_with_;
};

}  // namespace

grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* SessionService::Session(
    grpc::CallbackServerContext* context) {
  return new SessionReactor(parts_, *context);
}

void SessionService::CloseNode(const NodeName& node, const absl::Status& reason) {
  if (!parts_.fleet.Close(node, reason)) return;
  LogWarning(absl::StrCat("session ended: ", reason.message()), {.node = node.text()});
  parts_.coordinator.OnLeave(node);
  parts_.examinations.OnLeave(node);
}

}  // namespace faultline
