#include "agent/timeline/engine_thread.h"

#include <pthread.h>
#include <sys/prctl.h>

#include <algorithm>
#include <utility>

#include "agent/timeline/real_time.h"

namespace faultline {
namespace {

// Awake for so long before something is due, the thread does not depend on how fast this machine wakes one: about 50
// us, 200 of an idle virtual one (docs/PERFORMANCE.md, "waking").
constexpr Duration kAwakeBefore = std::chrono::microseconds(300);

}  // namespace

EngineThread::EngineThread(Kernel& kernel, const Clock& clock, EngineListener& listener, Limits limits, Pulse pulse)
    : kernel_(kernel),
      engine_(kernel, clock, listener, limits),
      clock_(clock),
      pulse_(std::move(pulse)),
      thread_([this] { Loop(); }),
      tidier_([this] { TidyLoop(); }) {
  // Here, so that whoever has made it finds it.
  pthread_setname_np(thread_.native_handle(), kEngineThreadName);
  pthread_setname_np(tidier_.native_handle(), "engine-tidier");
}

EngineThread::~EngineThread() {
  {
    const auto lock = Enter();
    engine_.EndAll(RunEnd::kShutdown, "").IgnoreError();
    stopping_ = true;
  }
  Poke();
  untidy_.notify_one();
  thread_.join();
  tidier_.join();
}

template <typename Call>
absl::Status EngineThread::Change(Call call) {
  absl::Status status;
  {
    const auto lock = Enter();
    status = call();
  }
  Poke();
  return status;
}

absl::Status EngineThread::Arm(const Timeline& timeline, const Program& program) {
  return Change([&] { return engine_.Arm(timeline, program); });
}

absl::Status EngineThread::Fire(const RunId& run, MonotonicTime t0) {
  return Change([&] { return engine_.Fire(run, t0); });
}

absl::Status EngineThread::Proceed(const RunId& run, std::size_t hold, Duration length) {
  return Change([&] { return engine_.Proceed(run, hold, length); });
}

void EngineThread::Renew(const std::vector<RunId>& runs, MonotonicTime heard) {
  {
    const std::lock_guard lock(inbox_mutex_);
    for (const RunId& run : runs) {
      MonotonicTime& last = heard_.try_emplace(run, heard).first->second;
      last = std::max(last, heard);
    }
  }
  Poke();
}

absl::Status EngineThread::Attach(const std::string& device) {
  const auto lock = Enter();
  return engine_.Attach(device);
}

absl::Status EngineThread::End(const RunId& run, RunEnd end, absl::string_view detail) {
  const auto lock = Enter();
  return engine_.End(run, end, detail);
}

void EngineThread::Tell(const std::vector<ForeignChange>& changes) {
  const auto lock = Enter();
  for (const ForeignChange& change : changes) engine_.Tell(change);
}

std::map<RunId, std::vector<RuleCounters>> EngineThread::ReadCounters() {
  const auto lock = Enter();
  return engine_.ReadCounters();
}

absl::StatusOr<std::size_t> EngineThread::EndAll(RunEnd end, absl::string_view detail) {
  const auto lock = Enter();
  return engine_.EndAll(end, detail);
}

std::vector<RunId> EngineThread::Held() {
  const auto lock = Enter();
  return engine_.Held();
}

EngineStatus EngineThread::status() {
  const auto lock = Enter();
  return engine_.status();
}

absl::StatusOr<std::vector<Interface>> EngineThread::Interfaces() {
  const auto lock = Enter();
  return kernel_.Interfaces();
}

std::unique_lock<std::mutex> EngineThread::Enter() {
  std::unique_lock lock(mutex_);
  engine_.TidyUp();
  return lock;
}

void EngineThread::Poke() {
  {
    const std::lock_guard lock(inbox_mutex_);
    poked_ = true;
  }
  poke_.notify_one();
}

void EngineThread::Loop() {
  // The default slack of 50 us would be most of a step's lateness.
  prctl(PR_SET_TIMERSLACK, 1);
  std::optional<MonotonicTime> due;
  while (true) {
    const Heard heard = Wait(due);
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    for (const auto& [run, when] : heard) engine_.Renew(run, when);
    AwaitInstant(due);
    engine_.Advance();
    if (engine_.untidy()) untidy_.notify_one();
    pulse_.Advance(clock_.Now());
    due = engine_.NextDeadline();
  }
}

EngineThread::Heard EngineThread::Wait(std::optional<MonotonicTime> due) {
  std::unique_lock lock(inbox_mutex_);
  const MonotonicTime wake = std::min(due ? *due - kAwakeBefore : MonotonicTime::max(), pulse_.next());
  const auto poked = [this] { return poked_; };
  if (wake == MonotonicTime::max()) {
    poke_.wait(lock, poked);
  } else if (wake > clock_.Now()) {
    poke_.wait_until(lock, ToSteady(wake), poked);
  }
  poked_ = false;
  return std::exchange(heard_, {});
}

void EngineThread::AwaitInstant(std::optional<MonotonicTime> due) {
  if (!due || clock_.Now() < *due - kAwakeBefore || clock_.Now() >= *due) return;
  kernel_.Warm();
  while (clock_.Now() < *due) engine_.Advance();
}

void EngineThread::TidyLoop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    engine_.TidyUp();
    untidy_.wait(lock, [this] { return stopping_ || engine_.untidy(); });
  }
}

}  // namespace faultline
