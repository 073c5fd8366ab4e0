#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/observe/probe_burst.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/prefix.h"

namespace faultline {

// What a node knows of a burst's probes to or from one peer: bit i % 8 of byte i / 8 stands for those sent in the
// burst's millisecond i. A value.
struct BurstMarks {
  RunId run;
  std::uint32_t burst = 0;
  BurstEnd end;
  // Set: one was sent to the peer, or one of the peer's has arrived.
  std::string sent;
  std::string received;

  friend bool operator==(const BurstMarks&, const BurstMarks&) = default;
};

// The bursts a node is to take part in: says when to probe whom, and notes which probes left and arrived. Every peer of
// a burst is probed at one moment of each interval, at a phase of the node's own, so that nodes do not send together.
// Bounded: bursts of the last kMostRuns runs, and at any time no more probes than kMostBurstProbesPerSecond; a burst
// that would exceed that is left out, and then nothing is known of it. Pure; not thread-safe. Only Put and Drain
// allocate.
class BurstBook {
 public:
  static constexpr std::size_t kMostRuns = 16;
  // How long after its end a burst is kept: until then its probes may arrive.
  static constexpr Duration kKeep = std::chrono::minutes(1);

  // Bursts of one run instead of those before; `part`, 0 .. 1, is the node's phase. What was noted of bursts that are
  // given again is lost. REQUIRES: CheckProbeBursts is OK.
  void Put(const RunId& run, const std::vector<ProbeBurst>& bursts, double part);

  // Whom to probe now; empty: nobody, or that moment was taken before. Moments that were missed are not made up for.
  // Valid until Put or Drain.
  const std::vector<BurstEnd>& TakeDue(ControllerTime now);

  // From `now` to the next moment at which somebody is to be probed, > 0; `idle` if that is less.
  Duration UntilNext(ControllerTime now, Duration idle) const;

  // A probe left for the peer, or one of its probes arrived. Of no interest unless a burst is about it.
  void NoteSent(const NodeName& peer, Family family, ControllerTime sent_at);
  void NoteReceived(const NodeName& peer, Family family, ControllerTime sent_at);

  // What was noted since the last Drain, and forgets it, with the bursts that are over for kKeep.
  std::vector<BurstMarks> Drain(ControllerTime now);

 private:
  struct Entry {
    RunId run;
    ProbeBurst burst;
    Duration phase{0};
    // Number of the last interval taken, -1 before the first.
    std::int64_t last_taken = -1;
    // By end, in the order of the burst's.
    std::vector<std::string> sent;
    std::vector<std::string> received;
    bool noted = false;
  };

  bool Fits(const ProbeBurst& burst) const;
  static std::int64_t IntervalAt(const Entry& entry, ControllerTime now);

  std::vector<Entry> entries_;
};

}  // namespace faultline
