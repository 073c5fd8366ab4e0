#pragma once

#include <span>

#include "common/clock.h"
#include "controller/compile/forecast.h"
#include "controller/report/probe_log.h"

namespace faultline {

// A stretch of the controller's time, and the moment from which a forecast counts.
struct Stretch {
  ControllerTime start;
  ControllerTime end;
  ControllerTime zero;
};

// What was planned of the probes that were sent, by the windows of `width` in which they were. They come at intervals,
// and so may meet more of one phase of a flap than of another. Pure.
Prediction Expect(const Forecast& forecast, const Stretch& stretch, std::span<const ProbeLog::SentWindow> windows,
                  Duration width);

}  // namespace faultline
