#include "controller/report/expected.h"

#include <algorithm>
#include <cmath>

namespace faultline {

Prediction Expect(const Forecast& forecast, const Stretch& stretch, std::span<const ProbeLog::SentWindow> windows,
                  Duration width) {
  Prediction expected = forecast.Over(stretch.start - stretch.zero, stretch.end - stretch.zero);
  if (forecast.Constant()) return expected;
  double sent = 0;
  double arrived = 0;
  double delayed = 0;
  for (const ProbeLog::SentWindow& window : windows) {
    const Duration start = window.start - stretch.zero;
    const Prediction then = forecast.Over(start, start + width);
    sent += window.sent;
    arrived += window.sent * then.arrives;
    delayed += window.sent * then.arrives * static_cast<double>(then.delay.count());
  }
  if (sent > 0) expected.arrives = std::min(1.0, arrived / sent);
  if (arrived > 0) expected.delay = Duration(std::llround(delayed / arrived));
  return expected;
}

}  // namespace faultline
