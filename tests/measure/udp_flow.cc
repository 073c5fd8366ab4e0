#include "tests/measure/udp_flow.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace faultline::measure {
namespace {

constexpr std::uint16_t kPort = 9000;
constexpr int kReceiveBuffer = 32 << 20;
// How long the receiver waits for stragglers.
constexpr timeval kSilence{.tv_sec = 0, .tv_usec = 200'000};

sockaddr_in Endpoint(const std::string& address, std::uint16_t port) {
  sockaddr_in endpoint{};
  endpoint.sin_family = AF_INET;
  endpoint.sin_port = htons(port);
  EXPECT_EQ(inet_pton(AF_INET, address.c_str(), &endpoint.sin_addr), 1) << address;
  return endpoint;
}

UniqueFd OpenSocket(const testing::Netns& netns, const std::string& address, std::uint16_t port) {
  const testing::InNetns inside(netns);
  UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_in endpoint = Endpoint(address, port);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&endpoint), sizeof(endpoint)) != 0) {
    ADD_FAILURE() << "bind " << address << ": " << strerror(errno);
  }
  return fd;
}

}  // namespace

UdpFlow::UdpFlow(const testing::Netns& from_netns, const std::string& from, const testing::Netns& to_netns,
                 const std::string& to, Duration interval, int burst)
    : sender_(OpenSocket(from_netns, from, /*port=*/0)), receiver_(OpenSocket(to_netns, to, kPort)) {
  setsockopt(receiver_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof(kReceiveBuffer));
  setsockopt(receiver_.get(), SOL_SOCKET, SO_RCVTIMEO, &kSilence, sizeof(kSilence));
  const sockaddr_in remote = Endpoint(to, kPort);
  if (connect(sender_.get(), reinterpret_cast<const sockaddr*>(&remote), sizeof(remote)) != 0) {
    ADD_FAILURE() << "connect " << to << ": " << strerror(errno);
  }
  receive_thread_ = std::thread([this] { ReceiveLoop(); });
  send_thread_ = std::thread([this, interval, burst] { SendLoop(interval, burst); });
}

UdpFlow::~UdpFlow() {
  if (send_thread_.joinable()) Stop();
}

UdpFlow::Count UdpFlow::Stop() {
  sending_ = false;
  send_thread_.join();
  receiving_ = false;
  receive_thread_.join();
  return {.sent = sent_, .refused = refused_, .arrived = arrived_};
}

void UdpFlow::SendLoop(Duration interval, int burst) {
  prctl(PR_SET_TIMERSLACK, 1);
  const std::array<char, 64> payload{};
  const SystemClock clock;
  MonotonicTime next = clock.Now();
  while (sending_) {
    for (int i = 0; i < burst; ++i) {
      if (send(sender_.get(), payload.data(), payload.size(), 0) < 0) ++refused_;
      ++sent_;
    }
    next = std::max(next + interval, clock.Now());
    std::this_thread::sleep_until(ToSteady(next));
  }
}

void UdpFlow::ReceiveLoop() {
  std::array<char, 64> payload;
  for (;;) {
    // Asked before: a silence that began while still sending means nothing.
    const bool last = !receiving_;
    if (recv(receiver_.get(), payload.data(), payload.size(), 0) >= 0) {
      ++arrived_;
    } else if (last) {
      return;
    }
  }
}

}  // namespace faultline::measure
