#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "absl/status/status.h"
#include "agent/session/clock_map.h"
#include "agent/session/session_rhythm.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/timeline.h"
#include "faultline/v1/agent_session.grpc.pb.h"
#include "tests/fleet/milestones.h"

namespace faultline::testing {

// An agent without a node that probes nobody: a real session, spoken with an agent's own codecs, clock map and rhythm,
// over a kernel that can do everything and does nothing. It answers as soon as it is asked; what time brings (pings,
// reports, steps, the end of a run) it does when it is turned. Its session is never renewed.
//
// Turn belongs to one thread; all other work is done by gRPC's.
class QuietAgent : public grpc::ClientBidiReactor<v1::SessionRequest, v1::SessionResponse> {
 public:
  // Begins the session. `milestones` and `clock` must outlive it.
  QuietAgent(std::shared_ptr<grpc::Channel> channel, const v1::NodeInfo& node, Milestones& milestones,
             const Clock& clock);
  // Ends it.
  ~QuietAgent() override;
  QuietAgent(const QuietAgent&) = delete;
  QuietAgent& operator=(const QuietAgent&) = delete;

  // Does what is due.
  void Turn(MonotonicTime now);
  // As a host that dies does, but for the kernel that still closes its connection.
  void Die() { context_.TryCancel(); }
  // OK while the session is up. Any thread.
  absl::Status status() const;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  // Under mutex_, all of them.
  void Handle(const v1::SessionResponse& message, MonotonicTime at);
  void HandleArm(const v1::Arm& arm);
  void HandleRelease(const v1::Release& release, MonotonicTime at);
  void Ping();
  void Report();
  void TellSteps(ControllerTime now);
  void Queue(v1::SessionRequest message);
  void StartNextWrite();

  struct Run {
    Timeline timeline;
    std::optional<ControllerTime> t0;
    // After T0, up to when it was told what happened.
    Duration told{-1};
  };

  Milestones& milestones_;
  const Clock& clock_;
  const std::unique_ptr<v1::AgentSessionService::Stub> stub_;
  grpc::ClientContext context_;
  // gRPC's, between two reads.
  v1::SessionResponse response_;

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::deque<v1::SessionRequest> outbox_;
  bool writing_ = false;
  bool reading_ = true;
  bool done_ = false;
  absl::Status status_;
  ClockMap clock_map_;
  std::optional<Run> run_;
  SessionRhythm rhythm_;
  std::uint64_t reports_ = 0;
};

}  // namespace faultline::testing
