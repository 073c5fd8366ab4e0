#pragma once

#include <cstddef>
#include <functional>

#include "controller/guard/host_work.h"
#include "controller/guard/stop_signal.h"
#include "controller/guard/work_pool.h"

namespace faultline {

// How many things of each kind are done at a time.
struct HostThreads {
  std::size_t checks = 8;
  std::size_t commands = 8;
  std::size_t lookups = 4;
};

// Does host work for real, each kind on threads of its own, so that no command and no resolver that hangs holds up a
// guard. What finds no thread free waits for its turn (a time limit counts from its beginning); beyond
// WorkPool::kMostWaiting it says so at once instead.
class HostWorker : public HostWork {
 public:
  explicit HostWorker(const HostThreads& threads = HostThreads());
  // As Stop.
  ~HostWorker() override;

  void Check(CheckRequest request, std::function<void(CheckResult)> done) override;
  void Run(CommandRequest request, std::function<void(CommandResult)> done) override;
  void LookUp(std::vector<std::string> names, std::function<void(absl::StatusOr<LookedUp>)> done) override;

  // Kills what runs, forgets what waits, and waits for the threads; from then on no `done` is called.
  void Stop();

 private:
  StopSignal stop_;
  WorkPool checks_;
  WorkPool commands_;
  WorkPool lookups_;
};

}  // namespace faultline
