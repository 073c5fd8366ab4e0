#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <map>
#include <thread>

#include "agent/observe/probe_seal.h"
#include "agent/observe/probe_socket.h"
#include "agent/observe/prober.h"
#include "common/clock.h"
#include "tests/unit/observe/mesh_samples.h"

namespace faultline {

// A controller's clock that is a fixed distance from ours; unknown until it is mapped. Thread-safe.
class TestMapping {
 public:
  static constexpr Duration kOffset = std::chrono::hours(7);

  explicit TestMapping(bool mapped = true) : mapped_(mapped) {}
  void Map() { mapped_ = true; }
  int asked() const { return asked_; }

  ClockMapping Get() {
    return [this](MonotonicTime time) -> std::optional<ControllerTime> {
      ++asked_;
      if (!mapped_) return std::nullopt;
      return ControllerTime(time.time_since_epoch() + kOffset);
    };
  }

 private:
  std::atomic<bool> mapped_;
  std::atomic<int> asked_{0};
};

// Waits until `reached`, up to a bound that only a failure meets.
inline bool Eventually(const std::function<bool()>& reached) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!reached()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// A UDP port that nobody has at any IPv4 address just now, nor the next one. Processes that run at the same time look
// in different places.
inline std::uint16_t FreePort() {
  const int first = 20'000 + getpid() % 1'500 * 8;
  for (int port = first; port < 65'535; port += 2) {
    const auto chosen = static_cast<std::uint16_t>(port);
    const auto next = static_cast<std::uint16_t>(port + 1);
    if (ProbeSocket::Open(IpAddress(), chosen).ok() && ProbeSocket::Open(IpAddress(), next).ok()) return chosen;
  }
  return 0;
}

// One node's part in a mesh at this port; more peers may be added.
inline ProbeMesh MeshOf(std::uint32_t self_id, std::uint16_t port, std::vector<MeshPeer> peers) {
  return {.token = 77,
          .self_id = self_id,
          .port = port,
          .interval = std::chrono::milliseconds(20),
          .window = std::chrono::milliseconds(50),
          .peers = std::move(peers),
          .keys = {KeyOf('a')}};
}

// What a node sends that signs with this key.
inline SealedProbe Sealed(const ProbePacket& packet, const PacketMac::Key& key = KeyOf('a'),
                          Family family = Family::kIpv4) {
  return ProbeSeal::Make(std::span(&key, 1))->Seal(packet, family).value();
}

// Sums over all windows, by peer and family.
struct Total {
  std::uint32_t sent = 0;
  std::uint32_t received = 0;
};
using Totals = std::map<std::pair<NodeName, Family>, Total>;

inline void AddTo(Totals& totals, const std::vector<WindowCount>& counts) {
  for (const WindowCount& count : counts) {
    Total& total = totals[{count.peer, count.family}];
    total.sent += count.sent;
    total.received += count.received;
  }
}

}  // namespace faultline
