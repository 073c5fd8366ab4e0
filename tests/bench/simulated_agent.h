#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "agent/observe/probe_mesh.h"
#include "agent/observe/send_schedule.h"
#include "agent/observe/window_tally.h"
#include "agent/session/clock_map.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/prefix.h"
#include "faultline/v1/agent_session.grpc.pb.h"
#include "tests/bench/simulated_run.h"

namespace faultline::bench {

// A probe on its way between two simulated agents.
struct SimulatedProbe {
  NodeName from;
  NodeName to;
  Family family = Family::kIpv4;
  std::uint64_t sequence = 0;
  ControllerTime sent_at;
};

// An agent without a node: a real session to a controller, its own clock map, send schedule and tally of windows, and
// an agent's cadence. It can do everything, arms whatever it is told to, and sends no packet: its probes are handed to
// whoever takes them. Its session is never renewed; why it ended is kept.
//
// Join, Turn and Receive belong to one thread; all other work is done by gRPC's. The destructor ends the session.
class SimulatedAgent : public grpc::ClientBidiReactor<v1::SessionRequest, v1::SessionResponse> {
 public:
  // Does nothing yet. `stub` must outlive it. `node`: what it says of itself; one address of each IP version.
  SimulatedAgent(v1::AgentSessionService::Stub& stub, const v1::NodeInfo& node, const Clock& clock);
  ~SimulatedAgent() override;

  const NodeName& name() const { return name_; }
  // Whom it probes at present. Any thread.
  std::size_t peers() const;
  // OK while the session is up. Any thread.
  absl::Status status() const;

  // Begins the session; once.
  void Join();
  // Does what is due: answers, reports, and adds the probes that it sends to `sent`.
  void Turn(std::vector<SimulatedProbe>& sent);
  // A probe of another has come.
  void Receive(const SimulatedProbe& probe);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  struct Arrived {
    v1::SessionResponse message;
    MonotonicTime at;
  };
  struct Target {
    WindowTally::PeerIndex peer = 0;
    Family family = Family::kIpv4;
  };

  void Handle(const Arrived& arrived);
  void HandlePong(const v1::ClockPong& pong, MonotonicTime arrived);
  void Adopt(const ProbeMesh& mesh);
  void SendProbe(ControllerTime now, std::vector<SimulatedProbe>& sent);
  void Ping(MonotonicTime now);
  void Report(ControllerTime now);
  void Queue(v1::SessionRequest message);
  // Under mutex_.
  void StartNextWrite();

  const Clock& clock_;
  v1::AgentSessionService::Stub& stub_;
  const v1::NodeInfo node_;
  const NodeName name_;
  IpAddress ipv4_;
  IpAddress ipv6_;
  grpc::ClientContext context_;
  v1::SessionResponse response_;

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::deque<Arrived> inbox_;
  // Each replaces the one before, and while a large fleet joins there is one for every node.
  std::optional<v1::ProbeConfig> probe_config_;
  std::deque<v1::SessionRequest> outbox_;
  bool writing_ = false;
  bool reading_ = false;
  // There is no call under way.
  bool done_ = true;
  absl::Status status_;
  std::size_t peer_count_ = 0;

  // The turning thread's own.
  ClockMap clock_map_;
  ProbeMesh mesh_;
  std::vector<Target> targets_;
  // Of all probes: one that does not grow is a duplicate to its receiver, whatever became of the mesh in between.
  std::uint64_t sequence_ = 0;
  std::map<NodeName, WindowTally::PeerIndex> index_;
  std::optional<SendSchedule> schedule_;
  WindowTally tally_;
  std::optional<SimulatedRun> run_;
  MonotonicTime next_ping_;
  MonotonicTime next_report_;
  std::uint64_t observations_ = 0;
};

}  // namespace faultline::bench
