#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "agent/timeline/engine.h"
#include "common/service/pulse.h"

namespace faultline {

// Runs an Engine on a thread of its own that wakes at the engine's deadlines, and makes its methods callable from any
// thread. Each call but Renew takes the engine's lock: it waits while another one changes the kernel. The listener is
// called with the lock held, and so is the beat of the pulse, by which the thread shows that it turns. The destructor
// ends every run (kShutdown) and joins.
//
// The thread is kEngineThreadName: it may be made real-time. It is awake shortly before anything is due and does only
// what is due, leases' renewal among it; another one takes apart the runs that have ended.
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
  // Has it done at once, and does not wait for it.
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
  // When the controller was last heard to want a run to live.
  using Heard = std::map<RunId, MonotonicTime>;

  // Takes the lock, and leaves nothing untidy to whoever is to use the engine with it.
  std::unique_lock<std::mutex> Enter();
  // Has the thread look at what the call has changed.
  template <typename Call>
  absl::Status Change(Call call);
  void Poke();
  void Loop();
  // Until shortly before `due`, until the next beat, or until it is poked; what was heard by then.
  Heard Wait(std::optional<MonotonicTime> due);
  // The rest of the time until `due`, if that is short: spent on doing what will be done then, of which nothing is due
  // yet, so that the processor has it all in its caches.
  void AwaitInstant(std::optional<MonotonicTime> due);
  void TidyLoop();

  // Of the engine and the kernel.
  std::mutex mutex_;
  std::condition_variable untidy_;
  bool stopping_ = false;
  Kernel& kernel_;
  Engine engine_;
  const Clock& clock_;
  // The engine's thread's own.
  Pulse pulse_;

  // Of what wakes the thread. Held for instants alone: were the kernel used meanwhile, by one whom everybody else on a
  // busy machine goes before, the real-time thread would wait for all of them.
  std::mutex inbox_mutex_;
  std::condition_variable poke_;
  bool poked_ = false;
  Heard heard_;

  // Last: they use everything above.
  std::thread thread_;
  std::thread tidier_;
};

}  // namespace faultline
