#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/clock.h"

namespace faultline {

// The seam between netlink conversations and the kernel: datagrams out, datagrams in, and nothing
// understood in between. One system call behind each method, errors as bare errno values, so that a
// test can script every way in which a socket fails.
//
// Threads: one at a time. Blocking: only Receive, for at most its timeout.
class NlTransport {
 public:
  struct Received {
    // 0, or the errno; EAGAIN when the timeout passed.
    int error = 0;
    // Bytes put into the buffer.
    std::size_t size = 0;
  };

  virtual ~NlTransport() = default;

  // Sends one datagram of any size. 0, or the errno.
  virtual int Send(std::span<const std::uint8_t> datagram) = 0;

  // Waits for one datagram and copies it whole; EMSGSIZE when it does not fit. A zero timeout does
  // not wait.
  virtual Received Receive(std::span<std::uint8_t> buffer, Duration timeout) = 0;

  // The address the kernel knows this end by; the owner of an nft table is named so.
  virtual std::uint32_t port_id() const = 0;
};

}  // namespace faultline
