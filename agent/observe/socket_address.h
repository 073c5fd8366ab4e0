#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "common/prefix.h"

namespace faultline {

// An address and a port as the kernel takes them. A value.
class SocketAddress {
 public:
  SocketAddress(const IpAddress& address, std::uint16_t port);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace faultline
