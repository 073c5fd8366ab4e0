#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "controller/event/event_sink.h"

namespace faultline {

// Remembers what it is told.
class FakeEvents : public EventSink {
 public:
  void Add(v1::Event event) override {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }

  // Those of one kind, in order.
  std::vector<v1::Event> Of(v1::EventKind kind) const {
    const std::lock_guard lock(mutex_);
    std::vector<v1::Event> found;
    for (const v1::Event& event : events_) {
      if (event.kind() == kind) found.push_back(event);
    }
    return found;
  }
  // Of the events of one kind, their texts.
  std::vector<std::string> Texts(v1::EventKind kind) const {
    std::vector<std::string> texts;
    for (const v1::Event& event : Of(kind)) texts.push_back(event.text());
    return texts;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<v1::Event> events_;
};

}  // namespace faultline
