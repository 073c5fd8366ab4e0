#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "tests/fleet/milestones.h"
#include "tests/fleet/quiet_agent.h"

namespace faultline::testing {

// What the nth node of a fleet says of itself: `node-<n>`, dual-stack, of regions lon (172.32.0.0/16) and par
// (172.33.0.0/16) in turn. n < 100 000.
v1::NodeInfo DescribeQuietNode(int number);

// Many quiet agents, a connection each, turned by one thread. The destructor ends their sessions.
class QuietFleet {
 public:
  // Opens the connection of the nth agent.
  using Dial = std::function<absl::StatusOr<std::shared_ptr<grpc::Channel>>(int number)>;

  QuietFleet(Dial dial, const Clock& clock);
  ~QuietFleet();
  QuietFleet(const QuietFleet&) = delete;
  QuietFleet& operator=(const QuietFleet&) = delete;

  // So many more join, at most `at_once` of them on their way at a time. DEADLINE_EXCEEDED when one is lost, or they
  // are not all welcomed within `patience`.
  absl::Status Join(int count, int at_once, Duration patience);
  // The first session that is not up any more; OK when all are.
  absl::Status status() const;
  QuietAgent& agent(int number) { return *agents_[static_cast<std::size_t>(number)]; }
  std::size_t size() const { return agents_.size(); }
  Milestones& milestones() { return milestones_; }

 private:
  void Move(const std::stop_token& stop);

  const Dial dial_;
  const Clock& clock_;
  Milestones milestones_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<QuietAgent>> agents_;
  std::jthread thread_;
};

}  // namespace faultline::testing
