#pragma once

#include <cstdint>
#include <string>

#include "common/clock.h"
#include "common/unique_fd.h"
#include "tests/support/netns.h"

namespace faultline::testing {

// A TCP listener on every address of a namespace. Failures of the set-up fail the test.
class TcpListener {
 public:
  TcpListener(const Netns& netns, std::uint16_t port);

  // The next connection; an invalid one when none comes in time.
  UniqueFd Accept(Duration timeout = std::chrono::seconds(5));

 private:
  UniqueFd fd_;
};

// What came of an attempt to connect.
struct TcpAttempt {
  // Invalid unless connected.
  UniqueFd fd;
  // 0, or the errno; ETIMEDOUT when nothing had come of it before the second SYN would be sent.
  int error = 0;
};
// `to`: IPv4 or IPv6.
TcpAttempt Connect(const Netns& netns, const std::string& to, std::uint16_t port);

// Whether a text goes each way between two ends, within a second.
bool Talk(const UniqueFd& a, const UniqueFd& b);

// An open connection.
struct TcpPair {
  UniqueFd client;
  UniqueFd server;
};
// Fails the test when it does not come about.
TcpPair OpenTcp(const Netns& client, const Netns& server, const std::string& address, std::uint16_t port);

}  // namespace faultline::testing
