#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "tests/bench/simulated_agent.h"

namespace faultline::bench {

// Simulated agents, half of them in London and half in Paris, dual-stack, with a network between them that loses
// nothing but what their runs drop. One thread moves them all. The destructor ends their sessions.
class SimulatedFleet {
 public:
  // `controller`: "HOST:PORT". `size`: at most 400.
  SimulatedFleet(const std::string& controller, int size, const Clock& clock);
  ~SimulatedFleet();
  SimulatedFleet(const SimulatedFleet&) = delete;
  SimulatedFleet& operator=(const SimulatedFleet&) = delete;

  // Whether every agent probes as many others as one of a fleet of this size does.
  bool Meshed() const;
  // Probes sent so far, by all.
  std::int64_t sent() const { return sent_; }
  // The first session that is not up any more; OK when all are.
  absl::Status status() const;

 private:
  void Move(const std::stop_token& stop);

  // One an agent.
  std::vector<std::unique_ptr<v1::AgentSessionService::Stub>> stubs_;
  std::map<NodeName, std::unique_ptr<SimulatedAgent>> agents_;
  std::atomic<std::int64_t> sent_ = 0;
  std::jthread thread_;
};

}  // namespace faultline::bench
