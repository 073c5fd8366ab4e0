#include "tests/measure/tcp_flow.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <vector>

#include "common/status.h"

namespace faultline::measure {
namespace {

constexpr std::size_t kPiece = 128 << 10;

UniqueFd OpenSocket(const testing::Netns& netns) {
  const testing::InNetns inside(netns);
  return UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

}  // namespace

absl::StatusOr<std::unique_ptr<TcpFlow>> TcpFlow::Start(const testing::Netns& from_netns,
                                                        const testing::Netns& to_netns, const std::string& to) {
  const UniqueFd listener = OpenSocket(to_netns);
  sockaddr_in endpoint{};
  endpoint.sin_family = AF_INET;
  inet_pton(AF_INET, to.c_str(), &endpoint.sin_addr);
  auto* address = reinterpret_cast<sockaddr*>(&endpoint);
  socklen_t size = sizeof(endpoint);
  if (bind(listener.get(), address, size) != 0 || listen(listener.get(), 1) != 0 ||
      getsockname(listener.get(), address, &size) != 0) {
    return ErrnoError(errno, "listen for a measurement's connection");
  }
  UniqueFd sender = OpenSocket(from_netns);
  if (connect(sender.get(), address, size) != 0) return ErrnoError(errno, "connect for a measurement");
  UniqueFd receiver(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!receiver) return ErrnoError(errno, "accept a measurement's connection");
  return std::unique_ptr<TcpFlow>(new TcpFlow(std::move(sender), std::move(receiver)));
}

TcpFlow::TcpFlow(UniqueFd sender, UniqueFd receiver)
    : sender_(std::move(sender)),
      receiver_(std::move(receiver)),
      receive_thread_([this] {
        std::vector<char> piece(kPiece);
        for (ssize_t count; (count = recv(receiver_.get(), piece.data(), piece.size(), 0)) > 0;) arrived_ += count;
      }),
      send_thread_([this] {
        const std::vector<char> piece(kPiece);
        while (send(sender_.get(), piece.data(), piece.size(), MSG_NOSIGNAL) > 0) {
        }
      }) {}

TcpFlow::~TcpFlow() {
  shutdown(receiver_.get(), SHUT_RDWR);
  shutdown(sender_.get(), SHUT_RDWR);
  receive_thread_.join();
  send_thread_.join();
}

}  // namespace faultline::measure
