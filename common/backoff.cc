#include "common/backoff.h"

#include <algorithm>

namespace faultline {

Duration Backoff::Next(Duration longest) {
  const Duration pause = std::min(next_, longest);
  next_ = std::min(2 * pause, longest);
  std::uniform_int_distribution<Duration::rep> between(pause.count() / 2, pause.count());
  return Duration(between(random_));
}

}  // namespace faultline
