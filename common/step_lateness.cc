#include "common/step_lateness.h"

#include <algorithm>

namespace faultline {

void LatenessHistogram::Add(Duration lateness) {
  const auto bound = std::ranges::lower_bound(kBounds, lateness);
  ++counts_[static_cast<std::size_t>(bound - kBounds.begin())];
  sum_ += lateness;
}

void StepLateness::Add(bool is_fired, Duration planned, Duration actual) {
  if (actual < planned) return;
  (is_fired ? fired : healed).Add(actual - planned);
}

}  // namespace faultline
