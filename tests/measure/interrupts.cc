#include "tests/measure/interrupts.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace faultline::measure {

Interrupts::Interrupts() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
  fd_ = UniqueFd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

Interrupts::~Interrupts() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool Interrupts::Caught() {
  signalfd_siginfo signal;
  while (read(fd_.get(), &signal, sizeof(signal)) == sizeof(signal)) caught_ = true;
  return caught_;
}

absl::Status Interrupts::WaitFor(Duration time) {
  pollfd signal{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  poll(&signal, 1, static_cast<int>(time / std::chrono::milliseconds(1)));
  return Caught() ? absl::CancelledError("interrupted") : absl::OkStatus();
}

}  // namespace faultline::measure
