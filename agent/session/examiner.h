#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "common/examination.h"
#include "faultline/v1/agent_session.pb.h"

namespace faultline {

// Looks at the node for whoever asks, in a thread of its own, one look at a time: of those who ask meanwhile the last
// is answered next, and the others are not. Answers are within ExaminationBounds. Thread-safe.
class Examiner {
 public:
  using Look = std::function<Examination()>;
  using Answer = std::function<void(v1::SessionRequest)>;

  // Both are called by the examiner's thread. Without a look nobody is answered.
  Examiner(Look look, Answer answer);
  // Waits for the look in progress.
  ~Examiner();
  Examiner(const Examiner&) = delete;
  Examiner& operator=(const Examiner&) = delete;

  void Ask(std::uint64_t id);
  // Whoever has asked so far is gone.
  void Forget();

 private:
  void Loop();

  const Look look_;
  const Answer answer_;
  std::mutex mutex_;
  std::condition_variable asked_;
  bool stopping_ = false;
  std::optional<std::uint64_t> next_;
  // Counts Forget.
  std::uint64_t era_ = 0;
  std::thread thread_;
};

}  // namespace faultline
