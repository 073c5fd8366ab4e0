#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "common/clock.h"

namespace faultline {

// How many calls that go on and on there may be at a time: each has a thread. Any thread; must outlive its slots.
class WatchSlots {
 public:
  // Of one caller, and of all.
  static constexpr int kMostOfOne = 32;
  static constexpr int kMostOfAll = 256;

  // Given back when it goes.
  class Slot {
   public:
    Slot(WatchSlots& slots, std::string name) : slots_(&slots), name_(std::move(name)) {}
    Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)), name_(std::move(other.name_)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (slots_ != nullptr) slots_->GiveBack(name_);
    }

   private:
    WatchSlots* slots_;
    const std::string name_;
  };

  // None when this caller has, or all have, as many as there may be.
  std::optional<Slot> Take(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto found = taken_.find(name);
    if (all_ >= kMostOfAll || (found != taken_.end() && found->second >= kMostOfOne)) return std::nullopt;
    ++taken_[name];
    ++all_;
    return Slot(*this, name);
  }

 private:
  void GiveBack(const std::string& name) {
    const std::lock_guard lock(mutex_);
    --all_;
    if (--taken_[name] == 0) taken_.erase(name);
  }

  std::mutex mutex_;
  // Under mutex_.
  std::map<std::string, int> taken_;
  int all_ = 0;
};

// Says when a call that goes on is to ask anew whether it may: who was sent away is to see no more. Not thread-safe.
class WatchTurns {
 public:
  static constexpr Duration kInterval = std::chrono::seconds(5);

  // At each of its turns: whether it is time.
  bool Next() {
    const MonotonicTime now = clock_.Now();
    if (now < next_) return false;
    next_ = now + kInterval;
    return true;
  }

 private:
  const SystemClock clock_{};
  MonotonicTime next_ = clock_.Now() + kInterval;
};

}  // namespace faultline
