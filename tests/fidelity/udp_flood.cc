#include "tests/fidelity/udp_flood.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "absl/strings/numbers.h"
#include "tests/fidelity/statistics.h"

namespace faultline::fidelity {
namespace {

constexpr std::uint16_t kPort = 3000;
constexpr std::size_t kPayload = 1400;
// Of at most 64 KB.
constexpr std::uint32_t kAggregate = 42;
constexpr std::uint64_t kLinkHeader = 14;
constexpr double kFrameBits = 8 * (kPayload + 28 + kLinkHeader);
constexpr Duration kTick = std::chrono::milliseconds(1);

}  // namespace

IpReceived ReadIpReceived(const testing::Netns& netns) {
  const testing::InNetns inside(netns);
  std::map<std::string, std::uint64_t> counters;
  std::ifstream lines("/proc/thread-self/net/netstat");
  for (std::string names, values; std::getline(lines, names) && std::getline(lines, values);) {
    if (!names.starts_with("IpExt:")) continue;
    std::istringstream name(names);
    std::istringstream value(values);
    for (std::string word, number; name >> word && value >> number;) {
      if (!absl::SimpleAtoi(number, &counters[word])) counters.erase(word);
    }
  }
  IpReceived received;
  for (const char* kind : {"InNoECTPkts", "InECT1Pkts", "InECT0Pkts", "InCEPkts"}) received.packets += counters[kind];
  received.bytes = counters["InOctets"] + received.packets * kLinkHeader;
  return received;
}

UdpFlood::UdpFlood(const Bed& bed) : sink_(bed.node(), Bed::kNode, kPort) {
  const testing::InNetns inside(bed.peer());
  source_ = UniqueFd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int room = 64 << 20;
  setsockopt(source_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
  const int payload = kPayload;
  if (setsockopt(source_.get(), SOL_UDP, UDP_SEGMENT, &payload, sizeof(payload)) != 0) {
    ADD_FAILURE() << "UDP_SEGMENT: " << strerror(errno);
  }
}

void UdpFlood::SendAggregate(std::uint32_t datagrams) {
  static const std::array<char, kAggregate * kPayload> kData{};
  sockaddr_in to{.sin_family = AF_INET, .sin_port = htons(kPort)};
  inet_pton(AF_INET, Bed::kNode, &to.sin_addr);
  if (sendto(source_.get(), kData.data(), datagrams * kPayload, 0, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) <
      0) {
    ADD_FAILURE() << "sendto: " << strerror(errno);
  }
  sent_ += datagrams;
}

void UdpFlood::Send(double bits_per_second, Duration time) {
  const SystemClock clock;
  const MonotonicTime start = clock.Now();
  const std::uint32_t before = sent_;
  for (MonotonicTime now = start; now < start + time; now = clock.Now()) {
    const auto due = static_cast<std::uint32_t>(Seconds(now - start) * bits_per_second / kFrameBits);
    while (sent_ - before < due) {
      SendAggregate(std::min(kAggregate, due - (sent_ - before)));
      // What it is too slow for is not sent.
      if (clock.Now() >= start + time) return;
    }
    std::this_thread::sleep_until(ToSteady(now + kTick));
  }
}

void UdpFlood::SendAtOnce(std::uint32_t datagrams) {
  const std::uint32_t end = sent_ + datagrams;
  while (sent_ < end) SendAggregate(std::min(kAggregate, end - sent_));
}

}  // namespace faultline::fidelity
