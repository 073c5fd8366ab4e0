#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/unique_fd.h"

namespace faultline {

// Tells the service manager how a daemon is doing, by the datagrams that systemd documents under sd_notify(3). One made
// without an address tells nobody, and succeeds. Its socket is opened once, so that it works when no file descriptor is
// left. Thread-safe; movable.
class ServiceNotifier {
 public:
  ServiceNotifier() = default;
  // To a socket as $NOTIFY_SOCKET names it: "/PATH", or "@NAME" for an abstract one. INVALID_ARGUMENT for other
  // addresses; the operation that failed.
  static absl::StatusOr<ServiceNotifier> Open(absl::string_view address);
  // To $NOTIFY_SOCKET, or nobody where there is none.
  static absl::StatusOr<ServiceNotifier> FromEnvironment();

  // Each waits for a second at most, Watchdog not at all. UNAVAILABLE or the like when nobody took it.
  // It serves.
  absl::Status Ready() const;
  // It is about to end.
  absl::Status Stopping() const;
  // It is alive. REQUIRED, once $WATCHDOG_USEC is set, more often than that.
  absl::Status Watchdog() const;
  // What it does or why it fails, in a line for people; of several, one with "; " between.
  absl::Status Status(absl::string_view text) const;

 private:
  absl::Status Send(absl::string_view message, int flags) const;

  UniqueFd socket_;
  sockaddr_un address_{};
  socklen_t address_size_ = 0;
};

// Within what time this process must tell that it is alive, as $WATCHDOG_USEC (microseconds) and $WATCHDOG_PID have it;
// none when it need not.
std::optional<Duration> WatchdogInterval();

}  // namespace faultline
