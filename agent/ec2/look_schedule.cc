#include "agent/ec2/look_schedule.h"

#include <algorithm>

namespace faultline {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kFirstPause = seconds(1);
constexpr Duration kLongestPause = seconds(32);
constexpr Duration kRegular = minutes(10);

}  // namespace

void LookSchedule::OnLook(const std::optional<Macs>& shown, MonotonicTime now) {
  last_ = now;
  if (shown) {
    std::erase_if(came_, [&](const std::string& mac) { return shown->contains(mac); });
    std::erase_if(gone_, [&](const std::string& mac) { return !shown->contains(mac); });
  }
  const bool awaited = !came_.empty() || !gone_.empty();
  if (!shown) {
    next_ = now + pause_;
    pause_ = std::min(pause_ * 2, kRegular);
  } else if (awaited && pause_ <= kLongestPause) {
    next_ = now + pause_;
    pause_ *= 2;
  } else {
    came_.clear();
    gone_.clear();
    next_ = now + kRegular;
    pause_ = kFirstPause;
  }
}

void LookSchedule::OnHost(const Macs& macs, MonotonicTime now) {
  const Macs before = host_.value_or(macs);
  bool changed = false;
  const auto differ = [&changed](const Macs& some, const Macs& others, Macs& awaited, Macs& awaited_not) {
    for (const std::string& mac : some) {
      if (others.contains(mac)) continue;
      changed = true;
      awaited.insert(mac);
      awaited_not.erase(mac);
    }
  };
  differ(macs, before, came_, gone_);
  differ(before, macs, gone_, came_);
  host_ = macs;
  if (!changed) return;
  pause_ = kFirstPause;
  next_ = std::min(next_, std::max(now, last_ + kFirstPause));
}

}  // namespace faultline
