#include "controller/cli/fleet_poller.h"

#include <sys/eventfd.h>

#include <algorithm>

namespace faultline {
namespace {

// A matrix of a large fleet takes its time.
constexpr Duration kPollPatience = std::chrono::seconds(5);
constexpr Duration kAgain = std::chrono::seconds(1);

}  // namespace

FleetPoller::FleetPoller(Client& client, const Options& options)
    : options_(options),
      caller_(client, kPollPatience),
      fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { Loop(); }) {}

FleetPoller::~FleetPoller() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  caller_.Stop();
  thread_.join();
}

std::optional<FleetAnswer> FleetPoller::Take() {
  const std::lock_guard lock(mutex_);
  eventfd_t count = 0;
  eventfd_read(fd_.get(), &count);
  return std::exchange(answer_, std::nullopt);
}

void FleetPoller::Loop() {
  const SystemClock clock;
  Duration pause(0);
  MonotonicTime asked = clock.Now();
  while (Rest(asked + pause)) {
    asked = clock.Now();
    FleetAnswer answer = {.asked = asked, .snapshot = AskFleet(caller_, options_.runs)};
    pause = answer.snapshot.ok() ? options_.every : std::min(options_.every, kAgain);
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
    eventfd_write(fd_.get(), 1);
  }
}

bool FleetPoller::Rest(MonotonicTime until) {
  std::unique_lock lock(mutex_);
  return !stop_.wait_until(lock, ToSteady(until), [this] { return stopping_; });
}

}  // namespace faultline
