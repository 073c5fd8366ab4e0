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

constexpr std::uint16_t kFloodPort = 3000;
constexpr std::size_t kPayload = 1400;
constexpr std::uint64_t kFloodLinkHeader = 14;
constexpr double kFrameBits = 8 * (kPayload + 28 + kFloodLinkHeader);
constexpr Duration kTick = std::chrono::milliseconds(1);

void SendFrom(testing::DatagramSource& source, double bits_per_second, Duration time) {
  const MonotonicTime start = SystemClock().Now();
  const std::uint32_t before = source.sent();
  for (MonotonicTime now = start; now < start + time; now = SystemClock().Now()) {
    const auto due = static_cast<std::uint32_t>(Seconds(now - start) * bits_per_second / kFrameBits);
    while (source.sent() - before < due) {
      source.Send(std::min<std::size_t>(source.aggregate(), due - (source.sent() - before)));
      // What it is too slow for is not sent.
      if (SystemClock().Now() >= start + time) return;
    }
    std::this_thread::sleep_until(ToSteady(now + kTick));
  }
}

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
  received.bytes = counters["InOctets"] + received.packets * kFloodLinkHeader;
  return received;
}

UdpFlood::UdpFlood(const Bed& bed)
    : sink_(bed.node(), Bed::kNode, kFloodPort),
      sources_{testing::DatagramSource(bed.peer(), Bed::kNode, kFloodPort, kPayload),
               testing::DatagramSource(bed.peer(), Bed::kNode, kFloodPort, kPayload)} {}

void UdpFlood::Send(double bits_per_second, Duration time) {
  const double share = bits_per_second / static_cast<double>(sources_.size());
  const std::jthread other([&] { SendFrom(sources_[1], share, time); });
  SendFrom(sources_[0], share, time);
}

void UdpFlood::SendAtOnce(std::uint32_t datagrams) {
  testing::DatagramSource& source = sources_.front();
  const std::uint32_t end = source.sent() + datagrams;
  while (source.sent() < end) source.Send(std::min<std::size_t>(source.aggregate(), end - source.sent()));
}

std::uint32_t UdpFlood::sent() const { return sources_[0].sent() + sources_[1].sent(); }

}  // namespace faultline::fidelity
