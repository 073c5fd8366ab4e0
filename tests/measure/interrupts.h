#pragma once

#include <csignal>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/unique_fd.h"

namespace faultline::measure {

// While this lives, SIGINT, SIGTERM and SIGHUP do not end the process: they wait to be taken here, so that what must
// be cleaned up is. Made and used by one thread, before there are others.
class Interrupts {
 public:
  Interrupts();
  // Signals not taken until now take effect.
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // Becomes readable with a signal.
  int fd() const { return fd_.get(); }
  // Takes the signals that have come. Whether there has ever been one.
  bool Caught();
  // Lets this time (>= 0) pass. CANCELLED when a signal has come, or comes first.
  absl::Status WaitFor(Duration time);

 private:
  sigset_t before_;
  UniqueFd fd_;
  bool caught_ = false;
};

}  // namespace faultline::measure
