#include "tests/lab/kernel/tcp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace faultline::testing {
namespace {

sockaddr_in6 Address6(const std::string& text, std::uint16_t port) {
  sockaddr_in6 address{.sin6_family = AF_INET6, .sin6_port = htons(port)};
  // IPv4 by way of IPv4-mapped addresses.
  const std::string mapped = text.find(':') == std::string::npos ? "::ffff:" + text : text;
  EXPECT_EQ(inet_pton(AF_INET6, mapped.c_str(), &address.sin6_addr), 1) << text;
  return address;
}

bool Await(const UniqueFd& fd, short events, Duration timeout) {
  pollfd ready{.fd = fd.get(), .events = events, .revents = 0};
  return poll(&ready, 1, static_cast<int>(timeout / std::chrono::milliseconds(1))) == 1;
}

bool Pass(const UniqueFd& from, const UniqueFd& to) {
  if (send(from.get(), "word", 4, MSG_NOSIGNAL | MSG_DONTWAIT) != 4) return false;
  std::array<char, 4> word;
  return Await(to, POLLIN, std::chrono::seconds(1)) && recv(to.get(), word.data(), word.size(), MSG_DONTWAIT) == 4;
}

}  // namespace

TcpListener::TcpListener(const Netns& netns, std::uint16_t port) {
  const InNetns inside(netns);
  fd_ = UniqueFd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const sockaddr_in6 any = Address6("::", port);
  EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)), 0) << strerror(errno);
  EXPECT_EQ(listen(fd_.get(), 64), 0);
}

UniqueFd TcpListener::Accept(Duration timeout) {
  if (!Await(fd_, POLLIN, timeout)) return UniqueFd();
  return UniqueFd(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
}

TcpAttempt Connect(const Netns& netns, const std::string& to, std::uint16_t port) {
  const InNetns inside(netns);
  TcpAttempt attempt{.fd = UniqueFd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
  const sockaddr_in6 remote = Address6(to, port);
  if (connect(attempt.fd.get(), reinterpret_cast<const sockaddr*>(&remote), sizeof(remote)) != 0 &&
      errno != EINPROGRESS) {
    return {.error = errno};
  }
  // A handshake on a wire takes microseconds; a second SYN would be sent after 1 s.
  if (!Await(attempt.fd, POLLOUT, std::chrono::milliseconds(700))) return {.error = ETIMEDOUT};
  socklen_t size = sizeof(attempt.error);
  getsockopt(attempt.fd.get(), SOL_SOCKET, SO_ERROR, &attempt.error, &size);
  return attempt;
}

bool Talk(const UniqueFd& a, const UniqueFd& b) { return Pass(a, b) && Pass(b, a); }

TcpPair OpenTcp(const Netns& client, const Netns& server, const std::string& address, std::uint16_t port) {
  TcpListener listener(server, port);
  TcpAttempt attempt = Connect(client, address, port);
  EXPECT_EQ(attempt.error, 0) << strerror(attempt.error);
  return {std::move(attempt.fd), listener.Accept()};
}

}  // namespace faultline::testing
