#include "agent/kernel/foreign_monitor.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <utility>

#include "common/status.h"

namespace faultline {
namespace {

using Reader = std::vector<ForeignChange> (*)(std::span<const std::uint8_t>, const NetlinkPorts&);

// Our own changes come here too, but for those of large batches.
constexpr int kEventBuffer = 4 << 20;
// As much as the kernel puts into one datagram of notifications, and more.
constexpr std::size_t kLargestDatagram = 65536;

bool SetMembership(const UniqueFd& events, int option, int group) {
  return setsockopt(events.get(), SOL_NETLINK, option, &group, sizeof(group)) == 0;
}

absl::StatusOr<UniqueFd> Subscribe(int protocol, std::initializer_list<int> groups) {
  UniqueFd events(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!events) return ErrnoError(errno, "opening a netlink socket for changes by others");
  setsockopt(events.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kEventBuffer, sizeof(kEventBuffer));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (bind(events.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return ErrnoError(errno, "binding a netlink socket for changes by others");
  }
  for (const int group : groups) {
    if (!SetMembership(events, NETLINK_ADD_MEMBERSHIP, group)) {
      return ErrnoError(errno, "asking for changes by others");
    }
  }
  return events;
}

// All that has come. Only the kernel's word counts, which has port 0.
void Drain(int fd, const NetlinkPorts& own, Reader read, std::vector<ForeignChange>& changes) {
  alignas(nlmsghdr) static thread_local std::array<std::uint8_t, kLargestDatagram> buffer;
  while (true) {
    sockaddr_nl sender{};
    socklen_t size = sizeof(sender);
    const ssize_t count = recvfrom(fd, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&sender), &size);
    if (count < 0 && (errno == ENOBUFS || errno == EINTR)) continue;
    if (count < 0) return;
    if (sender.nl_pid != 0) continue;
    std::vector<ForeignChange> read_now = read(std::span(buffer).first(static_cast<std::size_t>(count)), own);
    std::ranges::move(read_now, std::back_inserter(changes));
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<ForeignMonitor>> ForeignMonitor::Start(const NetlinkPorts& own, Found found) {
  FAULTLINE_ASSIGN_OR_RETURN(UniqueFd netfilter, Subscribe(NETLINK_NETFILTER, {NFNLGRP_NFTABLES}));
  FAULTLINE_ASSIGN_OR_RETURN(UniqueFd route, Subscribe(NETLINK_ROUTE, {RTNLGRP_LINK, RTNLGRP_TC}));
  UniqueFd stop(eventfd(0, EFD_CLOEXEC));
  if (!stop) return ErrnoError(errno, "making an eventfd");
  return std::unique_ptr<ForeignMonitor>(
      new ForeignMonitor(own, std::move(netfilter), std::move(route), std::move(stop), std::move(found)));
}

ForeignMonitor::ForeignMonitor(const NetlinkPorts& own, UniqueFd netfilter, UniqueFd route, UniqueFd stop, Found found)
    : own_(own),
      netfilter_(std::move(netfilter)),
      route_(std::move(route)),
      stop_(std::move(stop)),
      found_(std::move(found)),
      thread_([this] { Loop(); }) {}

ForeignMonitor::~ForeignMonitor() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void ForeignMonitor::Deafen() { SetMembership(netfilter_, NETLINK_DROP_MEMBERSHIP, NFNLGRP_NFTABLES); }

absl::Status ForeignMonitor::Listen() {
  if (SetMembership(netfilter_, NETLINK_ADD_MEMBERSHIP, NFNLGRP_NFTABLES)) return absl::OkStatus();
  return ErrnoError(errno, "asking for changes by others again, which are not told until the agent is restarted");
}

void ForeignMonitor::Loop() {
  std::array<pollfd, 3> watched{};
  watched[0] = {.fd = stop_.get(), .events = POLLIN, .revents = 0};
  watched[1] = {.fd = netfilter_.get(), .events = POLLIN, .revents = 0};
  watched[2] = {.fd = route_.get(), .events = POLLIN, .revents = 0};
  while (true) {
    if (poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
    if (watched[0].revents != 0) return;
    std::vector<ForeignChange> changes;
    Drain(netfilter_.get(), own_, ReadNftNotices, changes);
    Drain(route_.get(), own_, ReadRouteNotices, changes);
    changes = Condense(std::move(changes));
    if (!changes.empty()) found_(changes);
  }
}

}  // namespace faultline
