#include "common/service/notify.h"

#include <sys/time.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr timeval kPatience = {.tv_sec = 1, .tv_usec = 0};

absl::string_view Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? absl::string_view() : value;
}

}  // namespace

absl::StatusOr<ServiceNotifier> ServiceNotifier::Open(absl::string_view address) {
  ServiceNotifier notifier;
  if (address.size() < 2 || (address[0] != '/' && address[0] != '@') ||
      address.size() >= sizeof(notifier.address_.sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat("NOTIFY_SOCKET is '", address, "', which is neither a socket's path nor an abstract name"));
  }
  notifier.address_.sun_family = AF_UNIX;
  std::memcpy(notifier.address_.sun_path, address.data(), address.size());
  if (address[0] == '@') notifier.address_.sun_path[0] = '\0';
  notifier.address_size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  notifier.socket_ = UniqueFd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!notifier.socket_) return ErrnoError(errno, "making a socket for the service manager");
  setsockopt(notifier.socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  return notifier;
}

absl::StatusOr<ServiceNotifier> ServiceNotifier::FromEnvironment() {
  const absl::string_view address = Environment("NOTIFY_SOCKET");
  return address.empty() ? ServiceNotifier() : Open(address);
}

absl::Status ServiceNotifier::Ready() const { return Send("READY=1", 0); }

absl::Status ServiceNotifier::Stopping() const { return Send("STOPPING=1", 0); }

absl::Status ServiceNotifier::Watchdog() const { return Send("WATCHDOG=1", MSG_DONTWAIT); }

absl::Status ServiceNotifier::Status(absl::string_view text) const {
  return Send(absl::StrCat("STATUS=", absl::StrReplaceAll(text, {{"\n", "; "}})), 0);
}

absl::Status ServiceNotifier::Send(absl::string_view message, int flags) const {
  if (!socket_) return absl::OkStatus();
  ssize_t sent = -1;
  do {
    sent = sendto(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL | flags,
                  reinterpret_cast<const sockaddr*>(&address_), address_size_);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? ErrnoError(errno, "telling the service manager") : absl::OkStatus();
}

std::optional<Duration> WatchdogInterval() {
  const absl::string_view process = Environment("WATCHDOG_PID");
  pid_t meant = 0;
  if (!process.empty() && (!absl::SimpleAtoi(process, &meant) || meant != getpid())) return std::nullopt;
  constexpr std::int64_t kLongest = std::numeric_limits<std::int64_t>::max() / 1000;
  std::int64_t microseconds = 0;
  if (!absl::SimpleAtoi(Environment("WATCHDOG_USEC"), &microseconds) || microseconds < 1 || microseconds > kLongest) {
    return std::nullopt;
  }
  return std::chrono::microseconds(microseconds);
}

}  // namespace faultline
