#include "tests/support/udp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "common/prefix.h"

namespace faultline::testing {
namespace {

struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Endpoint MakeEndpoint(const std::string& text, std::uint16_t port) {
  Endpoint endpoint;
  const auto address = IpAddress::Parse(text);
  if (!address.ok()) {
    ADD_FAILURE() << address.status();
    return endpoint;
  }
  if (address->family() == Family::kIpv4) {
    sockaddr_in in{.sin_family = AF_INET, .sin_port = htons(port)};
    std::memcpy(&in.sin_addr, address->bytes().data(), sizeof(in.sin_addr));
    std::memcpy(&endpoint.storage, &in, sizeof(in));
    endpoint.size = sizeof(in);
  } else {
    sockaddr_in6 in{.sin6_family = AF_INET6, .sin6_port = htons(port)};
    std::memcpy(&in.sin6_addr, address->bytes().data(), sizeof(in.sin6_addr));
    std::memcpy(&endpoint.storage, &in, sizeof(in));
    endpoint.size = sizeof(in);
  }
  return endpoint;
}

constexpr Duration kFenceTimeout = std::chrono::seconds(5);

}  // namespace

UdpSocket::UdpSocket(const Netns& netns, const std::string& address, std::uint16_t port) {
  const InNetns inside(netns);
  const Endpoint local = MakeEndpoint(address, port);
  fd_ = UniqueFd(socket(local.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (bind(fd_.get(), reinterpret_cast<const sockaddr*>(&local.storage), local.size) != 0) {
    ADD_FAILURE() << "bind " << address << " port " << port << ": " << strerror(errno);
  }
}

int UdpSocket::SendTo(const std::string& address, std::uint16_t port, const std::string& text) {
  const Endpoint remote = MakeEndpoint(address, port);
  const ssize_t sent =
      sendto(fd_.get(), text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&remote.storage), remote.size);
  return sent < 0 ? errno : 0;
}

std::string UdpSocket::Receive(Duration timeout) {
  pollfd ready{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  if (poll(&ready, 1, static_cast<int>(wait)) <= 0) return "";
  std::array<char, 2048> buffer;
  const ssize_t size = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  return size < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(size));
}

Delivery SendAndCount(const Netns& from_netns, const std::string& from, const Netns& to_netns, const std::string& to,
                      std::uint16_t port, int count) {
  UdpSocket sender(from_netns, from, 0);
  UdpSocket receiver(to_netns, to, port);
  UdpSocket fence(to_netns, to, kFencePort);
  Delivery delivery;
  for (int i = 0; i < count; ++i) {
    if (const int error = sender.SendTo(to, port, "packet"); error != 0) delivery.error = error;
  }
  EXPECT_EQ(sender.SendTo(to, kFencePort, "fence"), 0);
  EXPECT_EQ(fence.Receive(kFenceTimeout), "fence") << "the fence from " << from << " to " << to << " was lost";
  while (!receiver.Receive(Duration(0)).empty()) ++delivery.arrived;
  return delivery;
}

}  // namespace faultline::testing
