#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/name.h"
#include "common/token_bucket.h"
#include "controller/run/fleet.h"
#include "faultline/v1/agent_session.pb.h"
#include "faultline/v1/control.pb.h"

namespace faultline {

// Has nodes look at themselves, and gathers what they say. Thread-safe; `fleet` must outlive it.
class Examinations {
 public:
  // At a time, as each has a thread that waits; and in the long run, as each is work for every node.
  static constexpr int kMostAtOnce = 4;
  static constexpr std::uint64_t kMostInARow = 20;
  // How long nodes may take.
  static constexpr Duration kPatience = std::chrono::seconds(5);

  explicit Examinations(Fleet& fleet, Duration patience = kPatience);

  // Asks these nodes, or every one known, all at once, and waits until each has answered, or has gone, or the time is
  // over; `is_over` is asked meanwhile whether anybody still waits. By name; of a node without an answer, why.
  // NOT_FOUND names a node that nobody knows; RESOURCE_EXHAUSTED when too much is asked.
  absl::StatusOr<std::vector<v1::ExaminedNode>> Ask(const std::vector<std::string>& names,
                                                    absl::FunctionRef<bool()> is_over);

  // From the sessions. What was not asked, or is not to be believed, is passed over; of the latter that is told.
  void OnExamined(const NodeName& node, const v1::Examined& examined);
  void OnLeave(const NodeName& node);

 private:
  struct Question {
    // Those that have not answered.
    std::set<NodeName> open;
    std::map<NodeName, v1::ExaminedNode> said;
  };

  absl::Status Begin();
  void Settle(Question& question, const NodeName& node, v1::ExaminedNode said);

  Fleet& fleet_;
  const Duration patience_;
  const SystemClock clock_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  // Under mutex_, all below.
  TokenBucket asked_{kMostInARow, 1};
  int at_once_ = 0;
  std::uint64_t next_id_ = 1;
  // By id.
  std::map<std::uint64_t, Question> questions_;
};

}  // namespace faultline
