#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/ec2/ec2_identity.h"
#include "agent/kernel/kernel.h"
#include "agent/observe/prober.h"
#include "agent/observe/tcp_prober.h"
#include "agent/session/clock_map.h"
#include "agent/session/examiner.h"
#include "agent/session/journal.h"
#include "agent/session/observation_buffer.h"
#include "agent/session/session_rhythm.h"
#include "agent/timeline/engine_thread.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/rpc/credentials.h"
#include "faultline/v1/agent_session.grpc.pb.h"

namespace faultline {

// What a node says of itself, and whom it obeys.
struct SessionOptions {
  // "HOST:PORT" or "unix:PATH".
  std::string controller;
  // Of that connection; its files are read anew for each.
  Security security;
  NodeName name;
  // Of the configuration.
  std::map<std::string, std::string> labels;
  // What EC2 says of it at the start.
  std::optional<Ec2Identity> ec2 = std::nullopt;
  // Interfaces that faults may use; empty: every usable one.
  std::vector<std::string> interfaces;
  // What this node protects beside what is always protected. Asked whenever a run is armed.
  std::function<Protected()> protect;
  // For advice when something is missing.
  Platform platform;
  // Program::lane_memory of every run.
  std::uint64_t lane_memory = Program::kDefaultLaneMemory;
  // What this node finds of itself when the controller asks; without it, it does not answer. Called by a thread of its
  // own, and not for longer than the session lives.
  Examiner::Look examine = nullptr;
};

// Keeps one session to the controller up, for as long as the object lives: dials, registers, keeps the clock map,
// carries orders to the engine and reports to the controller; dials again, with growing pauses up to 2 s that differ
// from node to node, whenever the stream ends or the controller falls silent, and with pauses up to 30 s when the
// controller will not have it. Losing the session changes nothing in the kernel: leases decide that.
//
// Three threads: one reads, one writes, one looks at the node when the controller asks. The destructor sends what is
// still to be told, waits at most half a second for the controller to take it, and joins. All references must outlive
// it.
class Session {
 public:
  Session(SessionOptions options, CapabilitySet capabilities, EngineThread& engine, Journal& journal,
          ClockMap& clock_map, Prober& prober, TcpProber& tcp_prober, const Clock& clock);
  ~Session();
  // The interfaces that could carry faults have changed, and these are all of them now: runs act on new ones too, and
  // the controller learns the addresses. May be called from any one thread.
  void OnInterfaces(const std::vector<Interface>& interfaces);

  // EC2 says this of the node from now on, and the controller learns it. Any thread.
  void OnEc2(Ec2Identity identity);

  // Ends the present stream, if there is one, and dials again at once: the files for TLS have changed. Any thread.
  void Redial();

  // Whether the controller has this node registered. Any thread.
  bool registered() const { return registered_; }

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  using Stream = grpc::ClientReaderWriter<v1::SessionRequest, v1::SessionResponse>;

  void Loop();
  absl::Status RunOnce();
  absl::StatusOr<v1::SessionRequest> MakeHello();
  // REQUIRES, as QueueUpdate: describing_ is held.
  v1::NodeInfo DescribeNode(const std::vector<Interface>& interfaces) const;
  void QueueUpdate();
  std::vector<Interface> Usable(std::vector<Interface> interfaces) const;
  absl::StatusOr<std::vector<Interface>> UsableInterfaces();

  // The reading side.
  // One message; false when there is none any more.
  bool ReadOne(const grpc::ClientContext& context, Stream& stream);
  void Handle(const v1::SessionResponse& message);
  void HandleArm(const v1::Arm& arm);
  absl::Status Arm(const v1::Timeline& message);
  void HandleWelcome(const v1::Welcome& welcome);
  void HandleFire(const v1::Fire& fire);
  void HandleProceed(const v1::Proceed& proceed);
  void HandleHeartbeat(const v1::Heartbeat& heartbeat);
  void HandleRelease(const v1::Release& release);

  // The writing side.
  void WriteLoop(Stream& stream);
  bool WriteDue(Stream& stream, MonotonicTime now);
  bool WritePing(Stream& stream);
  bool WriteObservations(Stream& stream);
  bool WriteCounters(Stream& stream);
  // Moves what the probes saw into the buffer; if that is nothing, only if `told_anyway`.
  void CollectObservations(bool told_anyway);
  void Queue(v1::SessionRequest message);
  void Wake();
  // Ends the stream, if there is one; `why` is logged. Requires mutex_.
  void HangUp(absl::Status why);

  const SessionOptions options_;
  const CapabilitySet capabilities_;
  EngineThread& engine_;
  Journal& journal_;
  ClockMap& clock_map_;
  Prober& prober_;
  TcpProber& tcp_prober_;
  const Clock& clock_;
  const std::uint64_t incarnation_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  // Of the present stream; null between two.
  grpc::ClientContext* context_ = nullptr;
  bool stream_over_ = false;
  // Why this side has ended it; OK if it has not.
  absl::Status hung_up_;
  bool awake_ = false;
  std::deque<v1::SessionRequest> outbox_;

  // Of the present stream.
  std::optional<SessionRhythm> rhythm_;
  // Its welcome has come, and it is not over.
  std::atomic<bool> registered_{false};
  std::string peer_;
  // Set by the reader: the controller is known, and so is what it can use of the buffer.
  std::atomic<bool> welcomed_{false};

  // Set by the reader, cleared by the writer: a large timeline has come since the engine last held none.
  std::atomic<bool> holds_large_{false};

  // The reader's own: of the controller that observations are made for; 0 before the first.
  std::uint64_t controller_incarnation_ = 0;
  ObservationBuffer observations_;

  // Held while the node is looked at, described and that is queued, or made a hello before which nothing is queued any
  // more, so that an older description never follows a newer one. Taken before mutex_.
  std::mutex describing_;
  std::optional<Ec2Identity> ec2_;

  // Of OnInterfaces alone: name and number of what runs act on.
  std::map<std::string, int> attached_;

  // The writer's own.
  MonotonicTime next_count_;
  std::uint64_t journal_cursor_ = 0;
  std::uint64_t observation_cursor_ = 0;
  // What was last told.
  std::map<RunId, std::vector<RuleCounters>> counters_;

  Examiner examiner_;
  std::thread thread_;
};

}  // namespace faultline
