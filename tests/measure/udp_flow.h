#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "common/clock.h"
#include "common/unique_fd.h"
#include "tests/support/netns.h"

namespace faultline::measure {

// A steady stream of small datagrams from one namespace to another, from construction to Stop. It never catches up
// what it was too late for, so a busy machine makes it slower, not bursty; what the receiver was too slow for waits
// in a large buffer.
class UdpFlow {
 public:
  // `interval`: from one burst of so many datagrams to the next.
  UdpFlow(const testing::Netns& from_netns, const std::string& from, const testing::Netns& to_netns,
          const std::string& to, Duration interval, int burst = 1);
  ~UdpFlow();
  UdpFlow(const UdpFlow&) = delete;
  UdpFlow& operator=(const UdpFlow&) = delete;

  struct Count {
    std::int64_t sent = 0;
    // Of these, those that send() failed for.
    std::int64_t refused = 0;
    std::int64_t arrived = 0;

    std::int64_t lost() const { return sent - arrived; }
  };
  // Ends it, and waits until no datagram can be on its way any more. REQUIRES: called once.
  Count Stop();

 private:
  void SendLoop(Duration interval, int burst);
  void ReceiveLoop();

  UniqueFd sender_;
  UniqueFd receiver_;
  std::atomic<bool> sending_ = true;
  std::atomic<bool> receiving_ = true;
  // Each written by one thread, read after it has ended.
  std::int64_t sent_ = 0;
  std::int64_t refused_ = 0;
  std::int64_t arrived_ = 0;
  std::thread receive_thread_;
  std::thread send_thread_;
};

}  // namespace faultline::measure
