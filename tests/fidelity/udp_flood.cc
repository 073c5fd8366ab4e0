#include "tests/fidelity/udp_flood.h"

#include <algorithm>
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

UdpFlood::UdpFlood(const Bed& bed)
    : sink_(bed.node(), Bed::kNode, kPort), source_(bed.peer(), Bed::kNode, kPort, kPayload) {}

void UdpFlood::Send(double bits_per_second, Duration time) {
  const MonotonicTime start = SystemClock().Now();
  const std::uint32_t before = source_.sent();
  for (MonotonicTime now = start; now < start + time; now = SystemClock().Now()) {
    const auto due = static_cast<std::uint32_t>(Seconds(now - start) * bits_per_second / kFrameBits);
    while (source_.sent() - before < due) {
      source_.Send(std::min<std::size_t>(source_.aggregate(), due - (source_.sent() - before)));
      // What it is too slow for is not sent.
      if (SystemClock().Now() >= start + time) return;
    }
    std::this_thread::sleep_until(ToSteady(now + kTick));
  }
}

void UdpFlood::SendAtOnce(std::uint32_t datagrams) {
  const std::uint32_t end = source_.sent() + datagrams;
  while (source_.sent() < end) source_.Send(std::min<std::size_t>(source_.aggregate(), end - source_.sent()));
}

}  // namespace faultline::fidelity
