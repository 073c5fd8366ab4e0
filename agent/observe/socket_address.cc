#include "agent/observe/socket_address.h"

#include <netinet/in.h>

#include <algorithm>

namespace faultline {

SocketAddress::SocketAddress(const IpAddress& address, std::uint16_t port) {
  if (address.family() == Family::kIpv4) {
    auto& in = reinterpret_cast<sockaddr_in&>(storage_);
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::ranges::copy(address.bytes(), reinterpret_cast<std::uint8_t*>(&in.sin_addr));
    size_ = sizeof in;
  } else {
    auto& in = reinterpret_cast<sockaddr_in6&>(storage_);
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    std::ranges::copy(address.bytes(), in.sin6_addr.s6_addr);
    size_ = sizeof in;
  }
}

}  // namespace faultline
