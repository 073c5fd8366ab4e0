#pragma once

#include "faultline/v1/event.pb.h"

namespace faultline {

// Where those who see something happen tell of it. Thread-safe; never blocks for long and calls nobody back, so that it
// may be called with locks held.
class EventSink {
 public:
  virtual ~EventSink() = default;
  // The event's number is given here; so is its time, unless it has one.
  virtual void Add(v1::Event event) = 0;
};

}  // namespace faultline
