#pragma once

#include <csignal>
#include <optional>

#include "common/unique_fd.h"

namespace faultline {

// Signals that wait to be read instead of doing what they do: those that end a program (SIGINT, SIGTERM, SIGHUP,
// SIGQUIT) unless they are ignored, and, if `drawing`, those that concern who draws on a terminal (SIGWINCH, SIGTSTP,
// SIGCONT). Of the thread that makes it and of all that are started while it lives.
class SignalInbox {
 public:
  explicit SignalInbox(bool drawing);
  ~SignalInbox();
  SignalInbox(const SignalInbox&) = delete;
  SignalInbox& operator=(const SignalInbox&) = delete;

  // Readable when there is a signal.
  int fd() const { return fd_.get(); }
  // The next one, if there is one.
  std::optional<int> Take();

 private:
  sigset_t before_{};
  UniqueFd fd_;
};

}  // namespace faultline
