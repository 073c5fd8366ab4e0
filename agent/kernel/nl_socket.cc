#include "agent/kernel/nl_socket.h"

#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

// Far more than the errors of the largest batch: a full buffer loses answers (ENOBUFS).
constexpr int kReceiveBuffer = 4 << 20;
// The kernel refuses a datagram that is not this much smaller than the buffer (netlink_sendmsg).
constexpr std::size_t kSendOverhead = 64;
constexpr std::size_t kInitialSendBuffer = 256 << 10;

int FdOf(const mnl_socket* socket) { return mnl_socket_get_fd(socket); }

absl::Status Configure(mnl_socket* socket) {
  // Kernels without one of these still answer, only in fewer or more words.
  int on = 1;
  mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &on, sizeof(on));
  mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof(on));
  const int size = kReceiveBuffer;
  setsockopt(FdOf(socket), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
    return ErrnoError(errno, "bind a netlink socket");
  }
  return absl::OkStatus();
}

}  // namespace

void NlSocket::Closer::operator()(mnl_socket* socket) const { mnl_socket_close(socket); }

absl::StatusOr<std::unique_ptr<NlTransport>> NlSocket::Open(NlBus bus) {
  Handle socket(mnl_socket_open2(bus == NlBus::kNetfilter ? NETLINK_NETFILTER : NETLINK_ROUTE, SOCK_CLOEXEC));
  if (!socket) {
    const int error = errno;
    if (error != EPROTONOSUPPORT) return ErrnoError(error, "open a netlink socket");
    return absl::UnavailableError(
        "this kernel has no nfnetlink: load the kernel module nf_tables (modprobe nf_tables)");
  }
  FAULTLINE_RETURN_IF_ERROR(Configure(socket.get()));
  std::unique_ptr<NlSocket> transport(new NlSocket(std::move(socket)));
  if (const int error = transport->GrowSendBuffer(kInitialSendBuffer); error != 0) {
    return ErrnoError(error, "size a netlink socket's send buffer");
  }
  return transport;
}

NlSocket::NlSocket(Handle socket) : socket_(std::move(socket)), send_buffer_(0) {}

int NlSocket::GrowSendBuffer(std::size_t size) {
  if (size <= send_buffer_) return 0;
  const int value = static_cast<int>(size);
  if (setsockopt(FdOf(socket_.get()), SOL_SOCKET, SO_SNDBUFFORCE, &value, sizeof(value)) != 0) {
    return errno;
  }
  send_buffer_ = size;
  return 0;
}

int NlSocket::Send(std::span<const std::uint8_t> datagram) {
  if (const int error = GrowSendBuffer(datagram.size() + kSendOverhead); error != 0) return error;
  return mnl_socket_sendto(socket_.get(), datagram.data(), datagram.size()) < 0 ? errno : 0;
}

NlTransport::Received NlSocket::Receive(std::span<std::uint8_t> buffer, Duration timeout) {
  pollfd ready{.fd = FdOf(socket_.get()), .events = POLLIN, .revents = 0};
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  const int count = poll(&ready, 1, static_cast<int>(wait));
  if (count < 0) return {.error = errno};
  if (count == 0) return {.error = EAGAIN};

  sockaddr_nl sender{};
  iovec part{.iov_base = buffer.data(), .iov_len = buffer.size()};
  msghdr message{.msg_name = &sender, .msg_namelen = sizeof(sender), .msg_iov = &part};
  message.msg_iovlen = 1;
  const ssize_t size = recvmsg(FdOf(socket_.get()), &message, MSG_DONTWAIT);
  if (size < 0) return {.error = errno};
  if ((message.msg_flags & MSG_TRUNC) != 0) return {.error = EMSGSIZE};
  // Only the kernel has port 0; what another process sends is as if it had not come.
  if (sender.nl_pid != 0) return {.error = EINTR};
  return {.size = static_cast<std::size_t>(size)};
}

std::uint32_t NlSocket::port_id() const { return mnl_socket_get_portid(socket_.get()); }

}  // namespace faultline
