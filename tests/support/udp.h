#pragma once

#include <cstdint>
#include <string>

#include "common/clock.h"
#include "common/unique_fd.h"
#include "tests/support/netns.h"

namespace faultline::testing {

// A UDP socket in a namespace, IPv4 or IPv6 after its address. Failures of the set-up fail the test.
class UdpSocket {
 public:
  // Port 0: any.
  UdpSocket(const Netns& netns, const std::string& address, std::uint16_t port);

  // 0, or the errno.
  int SendTo(const std::string& address, std::uint16_t port, const std::string& text);
  // The next datagram's text; "" when none comes in time.
  std::string Receive(Duration timeout);

 private:
  UniqueFd fd_;
};

// How many of `count` datagrams sent from one address to another's `port` arrive. Nothing is awaited: the packets of
// a wire keep their order, so when a datagram to the fence's port has come, none sent before it will come any more.
// The fence's port (kFencePort) must not be blocked: protect it.
inline constexpr std::uint16_t kFencePort = 9;
struct Delivery {
  int arrived = 0;
  // Of send(), the last one that failed; 0 without.
  int error = 0;
};
Delivery SendAndCount(const Netns& from_netns, const std::string& from, const Netns& to_netns, const std::string& to,
                      std::uint16_t port = 3000, int count = 10);

}  // namespace faultline::testing
