#pragma once

#include <sys/eventfd.h>

#include <atomic>

#include "common/unique_fd.h"

namespace faultline {

// Tells everything that waits in poll() to give up, once and for all. Thread-safe.
class StopSignal {
 public:
  void Raise() {
    raised_ = true;
    eventfd_write(event_.get(), 1);
  }
  bool raised() const { return raised_; }
  // Readable when raised.
  int fd() const { return event_.get(); }

 private:
  std::atomic<bool> raised_ = false;
  UniqueFd event_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

}  // namespace faultline
