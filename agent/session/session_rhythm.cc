#include "agent/session/session_rhythm.h"

#include <algorithm>

#include "common/session_pace.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The first exchanges come fast, so that a run can be armed right after a node has joined, and its T0 is by clocks that
// were compared just before.
constexpr int kQuickPings = 8;
constexpr Duration kQuickPing = milliseconds(20);
constexpr int kSilentHeartbeats = 4;
constexpr Duration kLeastPatience = seconds(2);
// A ping that is due so soon goes with the report that is due now: one packet, and one time that the node wakes up.
constexpr Duration kTogether = kBriskReport / 2;

}  // namespace

SessionRhythm::SessionRhythm(MonotonicTime now)
    : brisk_until_(now + kLeastPatience),
      calm_until_(now + kLeastPatience),
      next_ping_(now),
      next_report_(now),
      quick_pings_(kQuickPings) {}

void SessionRhythm::Begin(Duration heartbeat, MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  heartbeat_ = heartbeat;
  brisk_until_ = calm_until_ = now + Patience();
}

void SessionRhythm::Pause(Duration pause) {
  const std::lock_guard lock(mutex_);
  pause_ = std::clamp(pause, Duration(0), kMostPause);
  quick_pings_ = std::min(quick_pings_, QuickPings());
}

bool SessionRhythm::Hear(Word word, MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  asked_.reset();
  handling_ = true;
  if (word == Word::kTime) return false;
  const bool was_idle = now >= calm_until_;
  calm_until_ = now + Patience();
  if (word == Word::kOrder) brisk_until_ = calm_until_;
  if (!was_idle) return false;
  next_ping_ = now;
  // In a large fleet everybody is wanted at the same time, for something that is more urgent.
  next_report_ = now + pause_;
  quick_pings_ = QuickPings();
  return true;
}

void SessionRhythm::Handled() {
  const std::lock_guard lock(mutex_);
  asked_.reset();
  handling_ = false;
}

void SessionRhythm::Quicken() {
  const std::lock_guard lock(mutex_);
  next_ping_ = MonotonicTime::min();
  quick_pings_ = QuickPings();
}

bool SessionRhythm::IsBrisk(MonotonicTime now) const {
  const std::lock_guard lock(mutex_);
  return now < brisk_until_;
}

bool SessionRhythm::TakePing(MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  const bool is_brisk = now < brisk_until_;
  const bool goes_with_report = now >= next_report_ && (!is_brisk || now + kTogether >= next_ping_);
  if (now < next_ping_ && !goes_with_report) return false;
  quick_pings_ = std::max(quick_pings_ - 1, 0);
  if (!is_brisk && quick_pings_ == 0 && (pause_ == Duration(0) || now + kTogether >= next_report_)) next_report_ = now;
  const Duration calm = std::max(kPingInterval, pause_);
  next_ping_ = now + (quick_pings_ > 0 ? kQuickPing : now < calm_until_ ? calm : kIdlePingInterval);
  asked_ = asked_.value_or(now);
  return true;
}

bool SessionRhythm::TakeReport(MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  if (now < next_report_) return false;
  const Duration wanted = std::max(now < brisk_until_ ? kBriskReport : kPingInterval, pause_);
  next_report_ = now + (now < calm_until_ ? wanted : kIdlePingInterval);
  return true;
}

bool SessionRhythm::IsSilent(MonotonicTime now) const {
  const std::lock_guard lock(mutex_);
  return asked_ && !handling_ && now - *asked_ > Patience();
}

MonotonicTime SessionRhythm::Next() const {
  const std::lock_guard lock(mutex_);
  const MonotonicTime due = std::min(next_ping_, next_report_);
  return asked_ && !handling_ ? std::min(due, *asked_ + Patience()) : due;
}

int SessionRhythm::QuickPings() const {
  return std::max(1, static_cast<int>(kQuickPings * kBriskReport / std::max(kBriskReport, pause_)));
}

Duration SessionRhythm::Patience() const { return std::max(kLeastPatience, kSilentHeartbeats * heartbeat_); }

}  // namespace faultline
