#pragma once

#include <mutex>
#include <optional>

#include "common/clock.h"

namespace faultline {

// When a session speaks by itself, and when its controller has been silent for too long. An agent speaks as much as
// there is to do: briskly while a run goes on somewhere in the fleet, calmly while it is probed or probes, and hardly
// at all when the controller says nothing but the time. It is the controller that decides: whatever it says, but for
// the time, is a sign that it wants something of the node, for `patience` from then on.
//
// Pure, but for its lock: the reading side hears, the writing side speaks.
class SessionRhythm {
 public:
  // What was heard: the time that was asked for; a heartbeat that names no run; anything else.
  enum class Word { kTime, kBeat, kOrder };

  // Of a session that begins now: brisk, and with quick pings to begin with.
  explicit SessionRhythm(MonotonicTime now);

  // It begins: the controller's heartbeats are this far apart. One that has not answered for four of them, and for 2 s,
  // is gone, whatever TCP believes.
  void Begin(Duration heartbeat, MonotonicTime now);

  // It is to make at least such pauses between pings, and between reports, while it is wanted; at most kMostPause.
  // As much less often it asks when it asks quickly.
  void Pause(Duration pause);

  // True when the node is wanted for the first time in a while: the writing side is to be woken.
  bool Hear(Word word, MonotonicTime now);

  // What was heard has been dealt with. Until then the reading side hears nothing, whoever speaks: arming may take
  // long.
  void Handled();

  // Asks for the time at once, and some more times quickly: the next message that is written comes after such a ping,
  // and so whatever the controller answers to it comes after a new reading of its clock.
  void Quicken();

  // Whether what the probes saw is to be told even if that is nothing: the verdict of a run may wait for it.
  bool IsBrisk(MonotonicTime now) const;

  // Whether it is time for a ping, or for a report, which is then to be written: the next one is a while off. Pings
  // come together with reports where they can.
  bool TakePing(MonotonicTime now);
  bool TakeReport(MonotonicTime now);

  // Whether the controller has left a ping unanswered for too long.
  bool IsSilent(MonotonicTime now) const;

  // When to look again, unless something is heard.
  MonotonicTime Next() const;

 private:
  Duration Patience() const;
  int QuickPings() const;

  mutable std::mutex mutex_;
  Duration heartbeat_{0};
  Duration pause_{0};
  MonotonicTime brisk_until_;
  MonotonicTime calm_until_;
  MonotonicTime next_ping_;
  MonotonicTime next_report_;
  int quick_pings_ = 0;
  bool handling_ = false;
  // When the first ping was sent since something was heard or dealt with.
  std::optional<MonotonicTime> asked_;
};

}  // namespace faultline
