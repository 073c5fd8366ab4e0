#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/event/event_sink.h"
#include "controller/store/event_store.h"

namespace faultline {

// All events of the controller, in the order in which it learned of them: the newest in memory, all in the store. Add
// only remembers; Flush, which its owner calls often, writes. What happened since the last Flush is lost with the
// process, and so is what could not be stored before kMostInMemory newer events came. Thread-safe.
class EventLog : public EventSink {
 public:
  static constexpr std::size_t kMostInMemory = 10'000;

  // Both must outlive it. Numbers go on from the last one stored, or begin with 1; errors are the store's.
  static absl::StatusOr<std::unique_ptr<EventLog>> Open(const Clock& clock, EventStore& store);

  void Add(v1::Event event) override;

  // Stores what is new. May wait for the disk; after an error the next call tries again.
  absl::Status Flush();

  // Those that the query asks for, by number. Reads the store unless what is asked for is in memory.
  absl::StatusOr<std::vector<v1::Event>> List(const EventQuery& query);

  // The number of the last event, once that is beyond `seen`, `patience` is over or Shutdown was called.
  std::uint64_t Await(std::uint64_t seen, Duration patience);
  // Ends every Await, now and from now on.
  void Shutdown();

 private:
  EventLog(const Clock& clock, EventStore& store, std::uint64_t last) : clock_(clock), store_(store), last_(last) {
    stored_ = last;
  }

  const Clock& clock_;
  EventStore& store_;

  std::mutex mutex_;
  std::condition_variable added_;
  // Under mutex_.
  bool shutdown_ = false;
  // The newest, by number; without a gap up to last_.
  std::deque<v1::Event> newest_;
  // Number of the last event, and of the last one that was stored.
  std::uint64_t last_;
  std::uint64_t stored_ = 0;
};

}  // namespace faultline
