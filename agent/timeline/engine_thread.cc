#include "agent/timeline/engine_thread.h"

#include <sys/prctl.h>

#include <algorithm>
#include <utility>

namespace faultline {

EngineThread::EngineThread(Kernel& kernel, const Clock& clock, EngineListener& listener, Limits limits, Pulse pulse)
    : kernel_(kernel),
      engine_(kernel, clock, listener, limits),
      clock_(clock),
      pulse_(std::move(pulse)),
      thread_([this] { Loop(); }) {}

EngineThread::~EngineThread() {
  {
    const std::lock_guard lock(mutex_);
    engine_.EndAll(RunEnd::kShutdown, "").IgnoreError();
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

absl::Status EngineThread::Arm(const Timeline& timeline, const Program& program) {
  const std::lock_guard lock(mutex_);
  absl::Status status = engine_.Arm(timeline, program);
  changed_.notify_one();
  return status;
}

absl::Status EngineThread::Fire(const RunId& run, MonotonicTime t0) {
  const std::lock_guard lock(mutex_);
  absl::Status status = engine_.Fire(run, t0);
  changed_.notify_one();
  return status;
}

absl::Status EngineThread::Proceed(const RunId& run, std::size_t hold, Duration length) {
  const std::lock_guard lock(mutex_);
  absl::Status status = engine_.Proceed(run, hold, length);
  changed_.notify_one();
  return status;
}

void EngineThread::Renew(const std::vector<RunId>& runs, MonotonicTime heard) {
  const std::lock_guard lock(mutex_);
  for (const RunId& run : runs) engine_.Renew(run, heard);
  changed_.notify_one();
}

absl::Status EngineThread::Attach(const std::string& device) {
  const std::lock_guard lock(mutex_);
  return engine_.Attach(device);
}

absl::Status EngineThread::End(const RunId& run, RunEnd end, absl::string_view detail) {
  const std::lock_guard lock(mutex_);
  return engine_.End(run, end, detail);
}

void EngineThread::Tell(const std::vector<ForeignChange>& changes) {
  const std::lock_guard lock(mutex_);
  for (const ForeignChange& change : changes) engine_.Tell(change);
}

std::map<RunId, std::vector<RuleCounters>> EngineThread::ReadCounters() {
  const std::lock_guard lock(mutex_);
  return engine_.ReadCounters();
}

absl::StatusOr<std::size_t> EngineThread::EndAll(RunEnd end, absl::string_view detail) {
  const std::lock_guard lock(mutex_);
  return engine_.EndAll(end, detail);
}

std::vector<RunId> EngineThread::Held() {
  const std::lock_guard lock(mutex_);
  return engine_.Held();
}

EngineStatus EngineThread::status() {
  const std::lock_guard lock(mutex_);
  return engine_.status();
}

absl::StatusOr<std::vector<Interface>> EngineThread::Interfaces() {
  const std::lock_guard lock(mutex_);
  return kernel_.Interfaces();
}

void EngineThread::Loop() {
  // The default slack of 50 us would be most of a step's lateness.
  prctl(PR_SET_TIMERSLACK, 1);
  prctl(PR_SET_NAME, "engine");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const MonotonicTime wake = std::min(engine_.NextDeadline().value_or(MonotonicTime::max()), pulse_.next());
    if (wake == MonotonicTime::max()) {
      changed_.wait(lock);
    } else if (wake > clock_.Now()) {
      changed_.wait_until(lock, ToSteady(wake));
    }
    engine_.Advance();
    pulse_.Advance(clock_.Now());
  }
}

}  // namespace faultline
