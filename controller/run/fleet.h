#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/token_bucket.h"
#include "controller/compile/inventory.h"
#include "controller/event/event_sink.h"
#include "controller/report/probe_config.h"
#include "controller/report/probe_totals.h"
#include "controller/run/probe_keys.h"
#include "faultline/v1/agent_session.pb.h"
#include "faultline/v1/control.pb.h"

namespace faultline {

// The way to one connected agent. Both methods only queue; they may be called with locks held.
class AgentLink {
 public:
  virtual ~AgentLink() = default;
  virtual void Send(v1::SessionResponse message) = 0;
  // Ends the session; the agent is told the reason.
  virtual void Close(absl::Status reason) = 0;
};

// Every node seen since the controller started, and the links to those connected. Thread-safe; never calls back.
class Fleet {
 public:
  // `probes`: its token must be random. `events` hears of nodes that come, go and change, and must outlive it.
  Fleet(ProbePolicy probes, EventSink& events);

  // A node has registered; `welcome` is the first thing it is sent. Replaces a link of the same agent process.
  // INVALID_ARGUMENT when what it says of itself is malformed; ALREADY_EXISTS when another live agent has its name.
  absl::Status Join(const v1::NodeInfo& info, std::shared_ptr<AgentLink> link, v1::SessionResponse welcome);

  // A registered node's addresses or interfaces have changed; all that it says of itself, but for its incarnation, is
  // what counts from now on. Runs in progress keep what they were compiled for. INVALID_ARGUMENT when it is malformed
  // or of another name, NOT_FOUND.
  absl::Status Update(const NodeName& node, const v1::NodeInfo& info);

  // The link is down. False when it was not the node's present one.
  bool Leave(const NodeName& node, const AgentLink* link);

  // False when the node is not connected.
  bool Send(const NodeName& node, const v1::SessionResponse& message);

  // A node has asked for the time; `round_trip` is what it last said of its clock mapping. What session_pace.h calls
  // its pause, which it is to be told.
  Duration OnPing(const NodeName& node, MonotonicTime now, std::optional<Duration> round_trip);

  // Whether to take an observation of a node: not when it was taken before (nodes send again what they do not know to
  // be taken), nor when no honest node can have seen that, or so much; of this the first is told as an event.
  bool IsWanted(const NodeName& node, const v1::Observation& observation, MonotonicTime now);
  // It is taken now. How many windows the node has lost since the one before.
  std::uint64_t Take(const NodeName& node, const v1::Observation& observation);
  // It is not taken, for there is no time. How many windows are lost by that; an event tells it, once until one is
  // taken.
  std::uint64_t Shed(const NodeName& node, const v1::Observation& observation);
  // The number of the last one taken of the node's present process; 0: none.
  std::uint64_t ObservationsTaken(const NodeName& node) const;
  // Whatever the node saw before this has come. None while nothing is known of that.
  std::optional<ControllerTime> SeenUntil(const NodeName& node) const;

  // Who is to be sent a heartbeat now: everybody who is connected, or whoever has told something that it was not told
  // is taken. From them pings are expected as often as session_pace.h says.
  std::vector<NodeName> ExpectPings(bool everybody, MonotonicTime now);

  // Gives up the sessions of nodes that have pinged, but not for as long as session_pace.h says: dead hosts end no
  // stream. Their names.
  std::vector<NodeName> DropSilent(MonotonicTime now);

  // Gives up the session of a node at once and tells it the reason. It is not to probe any more, be it connected or
  // not, so the others have a new key. False when it is not connected.
  bool Close(const NodeName& node, const absl::Status& reason);

  // The longest pause that a connected node may make: so much later than in a small fleet it may be told what it saw.
  Duration LongestPause() const;

  // The greatest round trip of these nodes; zero when none is known.
  Duration WorstRoundTrip(const std::vector<NodeName>& nodes) const;

  // Random number of this life of the controller.
  std::uint64_t incarnation() const { return probes_.token; }

  // Sends every member its part of the probe mesh that is not what it was sent before, if a node has joined or changed
  // since, or the time for another step of the keys has come. Apart from Join, for many nodes join at once, and each
  // may change the part of all. Takes time in proportion to the fleet: when it does, not to be called for every join.
  void RenewProbes(MonotonicTime now);
  // Of a large fleet, gives back to the system what that took, once it is done with.
  void TidyUp(MonotonicTime now);
  // There is to be a new key of probes.
  void RenewKeys();
  // Who probes whom, renewed as above; null: everybody everybody.
  std::shared_ptr<const ProbePairs> Probed();
  // If not everybody, then nodes of every two of these groups, until it is called for the run again without any.
  void Cover(const std::string& run_id, std::vector<NodeGroup> groups);

  // The UDP port of the probe mesh.
  std::uint16_t probe_port() const { return probes_.port; }

  bool Connected(const NodeName& node) const;
  std::vector<NodeName> ConnectedNodes() const;

  // Connected nodes, by name, for the compiler.
  Inventory Snapshot() const;
  // Those that were lost as well, for the live matrix.
  Inventory Everyone() const;

  // Every node, by name, without its runs.
  std::vector<v1::Node> Nodes() const;

  // What every node has as its label "region"; of a large fleet the last few that came may not be there before probes
  // are renewed.
  std::shared_ptr<const NodeRegions> Regions();

  // Ends every session.
  void CloseAll(const absl::Status& reason);

 private:
  struct Member {
    // A v1::NodeInfo, serialized: it is seldom looked at, and takes a quarter of the room.
    std::string info;
    std::uint64_t incarnation = 0;
    InventoryNode node;
    std::uint32_t probe_id = 0;
    // Null when not connected.
    std::shared_ptr<AgentLink> link;
    // The step of the keys that it was sent over this link, and since when it is known to have been; zero: none.
    std::uint64_t key_step = 0;
    // Digest of its part of the probe mesh that it was sent over this link; none: nothing was.
    std::optional<std::size_t> probe_config;
    std::optional<MonotonicTime> told_keys;
    // Since when it is known not to be connected.
    std::optional<MonotonicTime> away;
    // It was sent away, and may have no further key.
    bool dismissed = false;
    std::optional<Duration> round_trip;
    // Of the present session.
    std::optional<MonotonicTime> last_ping;
    // The pauses that it was last told to make, and those that it may still make: it has planned its next ping by what
    // it was told before.
    Duration told_pause{0};
    Duration pause{0};
    // When it was first and last sent a heartbeat, with no long pause between; absent: that was long ago.
    std::optional<MonotonicTime> wanted_since;
    MonotonicTime wanted_last;
    // It has seen something, which was taken after the last heartbeat.
    bool to_be_confirmed = false;
    // Of the node's present process: the last observation's number and its count of lost windows.
    std::uint64_t observed = 0;
    std::uint64_t lost = 0;
    std::optional<ControllerTime> seen_until;
    // What it may tell: ten minutes' worth at once, of a node that was cut off.
    TokenBucket windows{600'000, 1000};
    // It has told what cannot be.
    bool refused = false;
    // Since the last observation that was taken, others were not.
    bool shed = false;
  };

  // The session is up no more.
  void Unlink(Member& member);

  void SendProbeConfigs();
  void RenewProbesLocked();
  // Whether every member that may still probe knows the keys, as long as they ask.
  bool KnowKeys(MonotonicTime now);
  // The node's region may have become another.
  void NoteRegion(const NodeName& name, const Member& member);
  void FindRegions();

  void Tell(v1::EventKind kind, const NodeName& node, std::string text);

  const ProbePolicy probes_;
  EventSink& events_;
  mutable std::mutex mutex_;
  std::map<NodeName, Member> members_;
  // Of these, how many have a link.
  std::size_t connected_ = 0;
  ProbeKeys keys_;
  // A step of the keys, and since when it is known to be.
  std::pair<std::uint64_t, MonotonicTime> step_begun_;
  // Whether a node has joined or changed since the parts of the mesh were sent.
  bool stale_ = false;
  // They were sent, to a large fleet, and what that took was not given back to the system yet; known since when.
  bool littered_ = false;
  std::optional<MonotonicTime> littered_since_;
  // Made anew when a node has joined or changed, or a run's groups are to be covered.
  std::shared_ptr<const ProbePairs> pairs_;
  // By run, in progress.
  std::map<std::string, std::vector<NodeGroup>> covered_;
  // Changes that regions_ lacks.
  std::size_t unlisted_ = 0;
  std::shared_ptr<const NodeRegions> regions_ = std::make_shared<NodeRegions>();
};

}  // namespace faultline
