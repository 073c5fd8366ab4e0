#include "common/service/daemon.h"

namespace faultline {

sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int AwaitEnd(const sigset_t& signals, const std::function<void()>& on_hangup) {
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) on_hangup();
  return signal;
}

Pulse WatchdogPulse(const ServiceNotifier& notifier) {
  const std::optional<Duration> interval = WatchdogInterval();
  if (!interval) return {};
  return {*interval, [&notifier] { notifier.Watchdog().IgnoreError(); }};
}

}  // namespace faultline
