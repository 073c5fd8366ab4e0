#include "common/open_connections.h"

#include <sys/socket.h>

namespace faultline {
namespace {

// 0: it is no socket, or closed; no socket has this.
std::uint64_t CookieOf(int fd) {
  std::uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

}  // namespace

void OpenConnections::Add(int fd, const std::string& source) {
  connections_.push_back({.fd = fd, .cookie = CookieOf(fd), .source = source});
  ++by_source_[source];
}

std::size_t OpenConnections::of(const std::string& source) const {
  const auto found = by_source_.find(source);
  return found == by_source_.end() ? 0 : found->second;
}

void OpenConnections::Refresh() {
  std::erase_if(connections_, [this](const Connection& connection) {
    if (connection.cookie != 0 && CookieOf(connection.fd) == connection.cookie) return false;
    Forget(connection);
    return true;
  });
}

void OpenConnections::Forget(const Connection& connection) {
  const auto found = by_source_.find(connection.source);
  if (--found->second == 0) by_source_.erase(found);
}

}  // namespace faultline
