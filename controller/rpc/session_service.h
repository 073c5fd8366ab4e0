#pragma once

#include <grpcpp/grpcpp.h>

#include "common/clock.h"
#include "controller/run/coordinator.h"
#include "controller/run/fleet.h"
#include "faultline/v1/agent_session.grpc.pb.h"

namespace faultline {

// The agents' side of the controller: one reactor a session, no thread of its own. Turns messages into calls of the
// fleet and the coordinator, and keeps none of their state. References must outlive the server.
class SessionService : public v1::AgentSessionService::CallbackService {
 public:
  SessionService(const Clock& clock, Fleet& fleet, Coordinator& coordinator, Duration heartbeat_interval);

  grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* Session(
      grpc::CallbackServerContext* context) override;

 private:
  const Clock& clock_;
  Fleet& fleet_;
  Coordinator& coordinator_;
  const Duration heartbeat_interval_;
};

}  // namespace faultline
