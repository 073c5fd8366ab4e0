#include "tests/fidelity/udp_trains.h"

#include <algorithm>
#include <thread>

#include "tests/fidelity/statistics.h"

namespace faultline::fidelity {
namespace {

using testing::Datagram;

constexpr std::uint16_t kTrainPort = 3000;
// After this nothing more is under way, on a busy machine too.
constexpr Duration kSilence = std::chrono::milliseconds(300);

}  // namespace

std::vector<Datagram> Pass(const Bed& bed, const Train& train) {
  testing::DatagramSink sink(bed.node(), Bed::kNode, kTrainPort);
  testing::DatagramSource source(bed.peer(), Bed::kNode, kTrainPort, train.payload);
  MonotonicTime next = testing::Now();
  while (source.sent() < train.datagrams) {
    source.Send(train.spacing ? 1 : std::min<std::size_t>(source.aggregate(), train.datagrams - source.sent()));
    sink.Drain();
    if (!train.spacing) continue;
    next += *train.spacing;
    std::this_thread::sleep_until(ToSteady(next));
  }
  while (sink.Await(train.longest + kSilence)) sink.Drain();
  return sink.arrived();
}

Losses CountLosses(const std::vector<Datagram>& arrived, std::uint32_t sent) {
  Losses losses;
  std::uint32_t next = 0;
  const auto found = [&](std::uint32_t sequence) {
    if (sequence > next) {
      losses.lost += sequence - next;
      ++losses.runs;
    }
    next = sequence + 1;
  };
  for (const Datagram& datagram : arrived) found(datagram.sequence);
  found(sent);
  return losses;
}

std::uint32_t CountOvertakings(const std::vector<Datagram>& arrived) {
  std::uint32_t count = 0;
  std::uint32_t latest = 0;
  for (const Datagram& datagram : arrived) {
    if (datagram.sequence < latest) ++count;
    latest = std::max(latest, datagram.sequence);
  }
  return count;
}

std::vector<double> Delays(const std::vector<Datagram>& arrived) {
  std::vector<double> delays;
  for (const Datagram& datagram : arrived) delays.push_back(Seconds(datagram.delay));
  return delays;
}

}  // namespace faultline::fidelity
