#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "common/clock.h"
#include "common/unique_fd.h"
#include "controller/cli/fleet_snapshot.h"

namespace faultline {

// What came of asking a controller once.
struct FleetAnswer {
  MonotonicTime asked;
  absl::StatusOr<FleetSnapshot> snapshot;
};

// Asks a controller again and again, in a thread of its own, whatever the answers are.
class FleetPoller {
 public:
  struct Options {
    // From one question to the next, > 0; after one that failed no longer than a second.
    Duration every;
    // Whether to ask for runs too.
    bool runs = false;
  };

  // `client` must outlive it.
  FleetPoller(Client& client, const Options& options);
  // Breaks off the call that is under way.
  ~FleetPoller();

  // Readable when there is an answer.
  int fd() const { return fd_.get(); }
  // The newest, if it has not been taken.
  std::optional<FleetAnswer> Take();

 private:
  void Loop();
  // Waits; false when it is time to end.
  bool Rest(MonotonicTime until);

  const Options options_;
  Caller caller_;
  const UniqueFd fd_;
  std::mutex mutex_;
  std::condition_variable stop_;
  // Under mutex_.
  bool stopping_ = false;
  std::optional<FleetAnswer> answer_;
  std::thread thread_;
};

}  // namespace faultline
