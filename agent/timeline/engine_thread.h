#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "agent/timeline/engine.h"
#include "common/service/pulse.h"

namespace faultline {

// Runs an Engine on a thread of its own that wakes at the engine's deadlines, and makes its methods callable from any
// thread. Each call takes the engine's lock: it waits while another one changes the kernel. The listener is called
// with the lock held, and so is the beat of the pulse, by which the thread shows that it turns. The destructor ends
// every run (kShutdown) and joins.
class EngineThread {
 public:
  EngineThread(Kernel& kernel, const Clock& clock, EngineListener& listener, Limits limits, Pulse pulse = {});
  ~EngineThread();
  EngineThread(const EngineThread&) = delete;
  EngineThread& operator=(const EngineThread&) = delete;

  // As Engine's.
  absl::Status Arm(const Timeline& timeline, const Program& program);
  absl::Status Fire(const RunId& run, MonotonicTime t0);
  absl::Status Proceed(const RunId& run, std::size_t hold, Duration length);
  void Renew(const std::vector<RunId>& runs, MonotonicTime heard);
  absl::Status Attach(const std::string& device);
  absl::Status End(const RunId& run, RunEnd end, absl::string_view detail);
  void Tell(const std::vector<ForeignChange>& changes);
  std::map<RunId, std::vector<RuleCounters>> ReadCounters();
  absl::StatusOr<std::size_t> EndAll(RunEnd end, absl::string_view detail);
  std::vector<RunId> Held();
  EngineStatus status();
  // As Kernel's, between two of the engine's own uses of it.
  absl::StatusOr<std::vector<Interface>> Interfaces();

 private:
  void Loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  Kernel& kernel_;
  Engine engine_;
  const Clock& clock_;
  // The thread's own.
  Pulse pulse_;
  // Last: it uses everything above.
  std::thread thread_;
};

}  // namespace faultline
