#pragma once

#include <grpcpp/grpcpp.h>

#include "common/clock.h"
#include "controller/rpc/admission.h"
#include "controller/rpc/caller_gate.h"
#include "controller/run/coordinator.h"
#include "controller/run/examinations.h"
#include "controller/run/fleet.h"
#include "faultline/v1/agent_session.grpc.pb.h"

namespace faultline {

// What the service works with. All must outlive the server.
struct SessionParts {
  const Clock& clock;
  const CallerGate& gate;
  // Has refused sessions recorded.
  const Admission& admission;
  Fleet& fleet;
  Coordinator& coordinator;
  Examinations& examinations;
  Duration heartbeat_interval;
  // Who has said no hello for so long is ended.
  Duration hello_patience = std::chrono::seconds(10);
};

// The agents' side of the controller: one reactor a session, no thread of its own. Turns messages into calls of the
// fleet and the coordinator, and keeps none of their state. A node speaks only for the name that its certificate has;
// who may not speak, or no longer, is told why, and it is in the audit log.
class SessionService : public v1::AgentSessionService::CallbackService {
 public:
  explicit SessionService(const SessionParts& parts) : parts_(parts) {}

  grpc::ServerBidiReactor<v1::SessionRequest, v1::SessionResponse>* Session(
      grpc::CallbackServerContext* context) override;

  // Ends the session of a node that may no longer speak, at once; it is told the reason. Any thread.
  void CloseNode(const NodeName& node, const absl::Status& reason);

 private:
  const SessionParts parts_;
};

}  // namespace faultline
