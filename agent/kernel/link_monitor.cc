#include "agent/kernel/link_monitor.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "agent/kernel/link_table.h"
#include "common/status.h"

namespace faultline {
namespace {

absl::StatusOr<UniqueFd> Subscribe() {
  UniqueFd events(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!events) return ErrnoError(errno, "opening a netlink socket for changes of interfaces");
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (bind(events.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return ErrnoError(errno, "asking for changes of interfaces");
  }
  return events;
}

// Reads what has come and forgets it: that something has changed is enough, also when the kernel says that it could not
// tell all (ENOBUFS).
void Drain(int fd) {
  std::array<char, 65536> buffer;
  while (recv(fd, buffer.data(), buffer.size(), 0) >= 0 || errno == ENOBUFS || errno == EINTR) {
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<LinkMonitor>> LinkMonitor::Start(Changed changed) {
  FAULTLINE_ASSIGN_OR_RETURN(RtSocket query, RtSocket::Open());
  FAULTLINE_ASSIGN_OR_RETURN(UniqueFd events, Subscribe());
  UniqueFd stop(eventfd(0, EFD_CLOEXEC));
  if (!stop) return ErrnoError(errno, "making an eventfd");
  return std::unique_ptr<LinkMonitor>(
      new LinkMonitor(std::move(query), std::move(events), std::move(stop), std::move(changed)));
}

LinkMonitor::LinkMonitor(RtSocket query, UniqueFd events, UniqueFd stop, Changed changed)
    : query_(std::move(query)),
      events_(std::move(events)),
      stop_(std::move(stop)),
      changed_(std::move(changed)),
      thread_([this] { Loop(); }) {}

LinkMonitor::~LinkMonitor() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void LinkMonitor::Loop() {
  std::array<pollfd, 2> watched = {
      {{.fd = events_.get(), .events = POLLIN, .revents = 0}, {.fd = stop_.get(), .events = POLLIN, .revents = 0}}};
  while (true) {
    Tell();
    if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
    if (watched[1].revents != 0) return;
    Drain(events_.get());
  }
}

void LinkMonitor::Tell() {
  absl::StatusOr<std::vector<Interface>> now = ListInterfaces(query_);
  // The kernel changed them while it told them; another event says so.
  if (!now.ok() || (told_any_ && *now == told_)) return;
  told_ = *std::move(now);
  told_any_ = true;
  changed_(told_);
}

}  // namespace faultline
