#include "controller/rpc/connection_acceptor.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "common/prefix.h"
#include "common/status.h"

namespace faultline {
namespace {

// Of who has to wait.
constexpr int kPauseMs = 50;
constexpr Duration kComplaintInterval = std::chrono::seconds(10);

std::string SourceOf(const sockaddr_storage& from) {
  constexpr int kOfOneHost = 64;
  constexpr std::size_t kMapped = 12;
  if (from.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(from);
    return IpAddress(std::span(reinterpret_cast<const std::uint8_t*>(&in.sin_addr), sizeof(in.sin_addr))).ToString();
  }
  const auto& in = reinterpret_cast<const sockaddr_in6&>(from);
  const std::span<const std::uint8_t> bytes(in.sin6_addr.s6_addr);
  if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) return IpAddress(bytes.subspan(kMapped)).ToString();
  return Prefix::Containing(IpAddress(bytes), kOfOneHost)->ToString();
}

void Reset(int connection) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(connection, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  close(connection);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ConnectionAcceptor>> ConnectionAcceptor::Start(std::vector<UniqueFd> sockets,
                                                                              const ConnectionLimits& limits,
                                                                              Take take) {
  UniqueFd stop(eventfd(0, EFD_CLOEXEC));
  if (!stop) return ErrnoError(errno, "making an eventfd");
  return std::unique_ptr<ConnectionAcceptor>(
      new ConnectionAcceptor(std::move(sockets), std::move(stop), limits, std::move(take)));
}

ConnectionAcceptor::ConnectionAcceptor(std::vector<UniqueFd> sockets, UniqueFd stop, const ConnectionLimits& limits,
                                       Take take)
    : sockets_(std::move(sockets)),
      stop_(std::move(stop)),
      limits_(limits),
      take_(std::move(take)),
      limit_(limits),
      thread_([this] { Loop(); }) {}

ConnectionAcceptor::~ConnectionAcceptor() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void ConnectionAcceptor::Loop() {
  std::vector<pollfd> fds = {{.fd = stop_.get(), .events = POLLIN, .revents = 0}};
  for (const UniqueFd& socket : sockets_) fds.push_back({.fd = socket.get(), .events = POLLIN, .revents = 0});
  bool room = true;
  while (true) {
    // Without room only the end is waited for, a little while.
    if (poll(fds.data(), room ? fds.size() : 1, room ? -1 : kPauseMs) < 0) {
      if (errno != EINTR) std::this_thread::sleep_for(std::chrono::milliseconds(kPauseMs));
      continue;
    }
    if (fds[0].revents != 0) return;
    room = HasRoom();
    for (std::size_t i = 1; room && i < fds.size(); ++i) {
      if (fds[i].revents != 0) room = AcceptFrom(fds[i].fd) && HasRoom();
    }
  }
}

bool ConnectionAcceptor::HasRoom() {
  if (open_.of_all() >= limits_.open_of_all) open_.Refresh();
  if (open_.of_all() >= limits_.open_of_all) {
    Complain(absl::StrCat(open_.of_all(), " connections are open, as many as there may be: others wait"));
    return false;
  }
  if (limit_.Ready(clock_.Now())) return true;
  Complain(absl::StrCat("connections come faster than ", limits_.per_second_of_all, " a second: they wait"));
  return false;
}

bool ConnectionAcceptor::AcceptFrom(int socket) {
  sockaddr_storage from{};
  socklen_t size = sizeof(from);
  const int connection = accept4(socket, reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (connection < 0) {
    // It went before it was taken.
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED || errno == EPROTO || errno == EPERM) return true;
    Complain(absl::StrCat("no connection can be taken for now: ", strerror(errno)));
    return false;
  }
  const std::string source = SourceOf(from);
  if (!MayStay(source)) {
    Reset(connection);
    ++reset_;
    Complain(absl::StrCat(source, " has more than ", limits_.open_of_one, " connections, or brings more than ",
                          limits_.per_second_of_one, " a second"));
    return true;
  }
  open_.Add(connection, source);
  take_(socket, connection);
  return true;
}

bool ConnectionAcceptor::MayStay(const std::string& source) {
  if (!limit_.Admit(source, clock_.Now())) return false;
  if (open_.of(source) >= limits_.open_of_one) open_.Refresh();
  return open_.of(source) < limits_.open_of_one;
}

void ConnectionAcceptor::Complain(const std::string& what) {
  const MonotonicTime now = clock_.Now();
  if (now < next_complaint_) return;
  next_complaint_ = now + kComplaintInterval;
  const std::uint64_t reset = std::exchange(reset_, 0);
  const std::string more = reset == 0 ? "" : absl::StrCat("; ", reset, " connections were reset");
  LogWarning(absl::StrCat("the network's port: ", what, more));
}

}  // namespace faultline
