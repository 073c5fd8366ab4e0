#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/statusor.h"
#include "common/prefix.h"
#include "common/unique_fd.h"

namespace faultline {

// A UDP socket of one IP version on the probe port. Never blocks; never asks for a shared port. Closed with the object.
// Not thread-safe.
class ProbeSocket {
 public:
  // Bound to `address`. FAILED_PRECONDITION when the port is taken: names the port and the way out. Other errors name
  // the operation.
  static absl::StatusOr<ProbeSocket> Open(const IpAddress& address, std::uint16_t port);

  // The number to wait for; readable when Receive has something.
  int fd() const { return fd_.get(); }
  // Where it is bound.
  const IpAddress& address() const { return address_; }
  std::uint16_t port() const { return port_; }

  // Sends one datagram to the address, same port. 0, or the errno with which the kernel refused it.
  int Send(const IpAddress& to, std::span<const std::uint8_t> bytes);

  // Takes one datagram. Its whole length, which exceeds buffer.size() when it did not fit; none when there is no more
  // for now.
  std::optional<std::size_t> Receive(std::span<std::uint8_t> buffer);

 private:
  ProbeSocket(UniqueFd fd, const IpAddress& address, std::uint16_t port)
      : fd_(std::move(fd)), address_(address), port_(port) {}

  UniqueFd fd_;
  IpAddress address_;
  std::uint16_t port_;
};

}  // namespace faultline
