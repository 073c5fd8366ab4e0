#include "controller/compile/drain.h"

#include <algorithm>

namespace faultline {

Duration DrainTime(const Step& step, Duration start, Duration end) {
  const auto* impairment = std::get_if<Impairment>(&step.effect);
  if (impairment == nullptr || start >= end) return Duration(0);
  if (!step.ramp) return impairment->LongestDelay();
  const Ramp& ramp = *step.ramp;
  const std::size_t first = RampPosition(ramp, start);
  const std::size_t last = RampPosition(ramp, end);
  const auto out = [&](Duration in, std::size_t position) {
    return in + RampValue(*impairment, ramp, position).LongestDelay();
  };
  Duration last_out = std::max(end, out(end, last));
  // A ramp goes straight: of those that went in just before a change, the last comes out at one end.
  if (first < last) {
    last_out =
        std::max({last_out, out(RampChangeTime(ramp, first + 1), first), out(RampChangeTime(ramp, last), last - 1)});
  }
  return last_out - end;
}

}  // namespace faultline
