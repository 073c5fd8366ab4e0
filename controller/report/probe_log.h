#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/prefix.h"
#include "faultline/v1/observation.pb.h"

namespace faultline {

// One direction between two nodes over one IP version.
struct ProbeEdge {
  NodeName from;
  NodeName to;
  Family family = Family::kIpv4;

  friend auto operator<=>(const ProbeEdge&, const ProbeEdge&) = default;
};

// What was observed of an edge over some time. A value.
struct ProbeSum {
  std::uint32_t sent = 0;
  std::uint32_t received = 0;
  std::optional<Duration> min_delay;
  // Of how many of those received the one-way delay is known, and their sum.
  std::uint32_t timed = 0;
  Duration sum_delay{0};

  // Takes in what was observed at another time, or of another edge. Delays beyond any real one count as less.
  void Add(const ProbeSum& more);
  // Carries the clock errors of both ends.
  std::optional<Duration> MeanDelay() const {
    return timed == 0 ? std::nullopt : std::optional<Duration>(sum_delay / timed);
  }
  friend bool operator==(const ProbeSum&, const ProbeSum&) = default;
};

// All probe windows the fleet has reported: of each edge what its sender says it sent and what its receiver says
// arrived. Bounded by Trim, which its owner calls now and then, and whoever calls what by kMost windows in all,
// kMostWindows per edge (the oldest give way) and kMostEdges (the newest do). Of what was forgotten for want of room
// nothing more is taken, so that never one end's half of it stands alone. Thread-safe; nothing blocks for long.
class ProbeLog {
 public:
  // How long to keep windows: while a run is going on, and else.
  static constexpr Duration kKeepForRun = std::chrono::hours(1);
  static constexpr Duration kKeep = std::chrono::seconds(60);
  static constexpr std::size_t kMostWindows = 36'000;
  // Of 50 000 nodes, as many as a fleet has that is sampled, 25 a node (ProbePolicy).
  static constexpr std::size_t kMostEdges = 1'250'000;
  // About 2 GB. What 10 000 nodes that are sampled tell in 150 s, and 1000 in 25 min.
  static constexpr std::size_t kMost = 30'000'000;

  // `window`: the width in every node's ProbeConfig; > 0. `most`: instead of kMost.
  explicit ProbeLog(Duration window = std::chrono::milliseconds(100), std::size_t most = kMost)
      : window_(window), most_(most) {}

  // Adds what a node reports; several reports of one window add up. INVALID_ARGUMENT names the malformed window; then
  // nothing of the message is taken.
  absl::Status Add(const NodeName& reporter, const v1::Observation& observation);

  // Forgets windows that begin before then.
  void Trim(ControllerTime before);
  // Windows that begin before are not known because there were too many; absent: there never were.
  std::optional<ControllerTime> forgotten() const;

  // Of the windows that lie wholly in [start, end). Zeros when nothing is known.
  ProbeSum Sum(const ProbeEdge& edge, ControllerTime start, ControllerTime end) const;

  // The same of `count` stretches of `step` each, one after the other from `start`. REQUIRES: step > 0.
  std::vector<ProbeSum> Sums(const ProbeEdge& edge, ControllerTime start, Duration step, std::size_t count) const;

  // The same windows as of Sum one by one, those in which nothing was sent left out: how many were sent in each.
  struct SentWindow {
    ControllerTime start;
    std::uint32_t sent = 0;
  };
  std::vector<SentWindow> Sent(const ProbeEdge& edge, ControllerTime start, ControllerTime end) const;
  Duration window() const { return window_; }

  // Whom anything is known of that this node sent over that IP version, in order of names.
  std::vector<NodeName> Receivers(const NodeName& from, Family family) const;

  // Whether the node was probing and reporting in [start, end): probes it sent are known both of the first and of the
  // last half. Only then does "nothing arrived there" tell anything: a node that is down, or whose reports are lost,
  // proves no cut.
  bool Witnessed(const NodeName& node, ControllerTime start, ControllerTime end) const;

 private:
  // By start of window.
  using Windows = absl::btree_map<ControllerTime, ProbeSum>;

  // Under mutex_, all of them.
  void Merge(const ProbeEdge& edge, ControllerTime start, const ProbeSum& count);
  void Forget(ControllerTime before);
  // Forgets the oldest part of the windows.
  void MakeRoom();
  // One of them is gone.
  void Uncount(ControllerTime start);
  bool SentIn(const NodeName& node, ControllerTime start, ControllerTime end) const;

  const Duration window_;
  const std::size_t most_;
  mutable std::mutex mutex_;
  // Under mutex_.
  std::map<ProbeEdge, Windows> edges_;
  // In all edges, and of these how many begin in which second.
  std::size_t count_ = 0;
  std::map<ControllerTime, std::size_t> seconds_;
  std::optional<ControllerTime> forgotten_;
};

}  // namespace faultline
