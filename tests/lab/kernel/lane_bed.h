#pragma once

#include <netinet/in.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "agent/kernel/lane.h"
#include "common/clock.h"
#include "common/unique_fd.h"
#include "tests/support/netns.h"

namespace faultline::testing {

// A datagram as it came out of a lane.
struct Datagram {
  // From 0, in the order in which they were sent.
  std::uint32_t sequence = 0;
  // From sending it to when the lane let it go.
  Duration delay{0};
};

// UDP from one namespace to another's address, of many packets at a time: the kernel has each call's datagrams as one
// aggregate (UDP_SEGMENT).
class DatagramSource {
 public:
  // `payload`: bytes of each datagram, at least 16.
  DatagramSource(const Netns& netns, const std::string& to, std::uint16_t port, std::size_t payload);

  // So many datagrams in one aggregate of at most 60 000 bytes and 64 datagrams. 1: a plain datagram.
  void Send(std::size_t datagrams = 1);
  // The most that Send takes.
  std::size_t aggregate() const;
  std::uint32_t sent() const { return sent_; }

 private:
  UniqueFd fd_;
  sockaddr_in to_;
  std::size_t payload_;
  std::uint32_t sent_ = 0;
  bool aggregates_ = false;
};

// Where they arrive.
class DatagramSink {
 public:
  DatagramSink(const Netns& netns, const std::string& address, std::uint16_t port);

  // Adds what has come to arrived(); does not wait.
  void Drain();
  // Waits that long for something to come. False when nothing does.
  bool Await(Duration timeout);
  const std::vector<Datagram>& arrived() const { return arrived_; }

 private:
  UniqueFd fd_;
  std::vector<Datagram> arrived_;
};

// A TCP connection that sends as fast as it can, in a thread of its own, for as long as it lives.
class TcpLoad {
 public:
  // `segment`: at most so many bytes a packet; 0: as the MTU has it.
  TcpLoad(const Netns& from, const Netns& to, const std::string& address, std::uint16_t port, int segment = 0);
  ~TcpLoad();
  TcpLoad(const TcpLoad&) = delete;

 private:
  UniqueFd sender_;
  UniqueFd receiver_;
  std::atomic<bool> ended_{false};
  std::thread send_;
  std::thread receive_;
};

// A lane in the node, through which goes what comes from the peer by IPv4, but for the fence's port. A test ends with
// everything removed.
class LaneBed : public NetnsTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  RtSocket& socket() { return *socket_; }
  const Lane& lane() const { return *lane_; }
  // The device that packets are forwarded to.
  std::string Entrance() const;

  // Makes the lane; a failure fails the test.
  void Make(const LaneSpec& spec);
  void Make(const Impairment& impairment) { Make(LaneSpec{.impairment = impairment}); }
  void Change(const LaneSpec& spec);
  void Change(const Impairment& impairment) { Change(LaneSpec{.impairment = impairment}); }
  // Removes the lane and what forwards to it.
  void Clear();
  // Has the peer's packets go through it, in at this device.
  void Forward(const std::string& device);
  void Forward() { Forward(Entrance()); }

  LaneCounters Counters();
  // Packets in its queues.
  std::uint32_t Waiting();
  // What the peer sent that has come out of the lane: packets, and bytes without link headers.
  struct Traffic {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
  };
  Traffic Arrived() const;
  // Bits per second that leave the lane's qdiscs, over so long, link headers counted in.
  double BitsPerSecond(Duration time);

  // Sends so many datagrams through the lane, in aggregates, and waits until all that it lets through have arrived.
  std::vector<Datagram> Pass(std::uint32_t datagrams, std::size_t payload = 1400);
  // The same, one by one, each `spacing` after the one before.
  std::vector<Datagram> PassSingly(std::uint32_t datagrams, Duration spacing, std::size_t payload = 100);

 private:
  void DrainUntilEmpty(DatagramSink& sink);

  std::unique_ptr<RtSocket> socket_;
  std::unique_ptr<Lane> lane_;
};

// Now, as CLOCK_MONOTONIC has it.
MonotonicTime Now();

}  // namespace faultline::testing
