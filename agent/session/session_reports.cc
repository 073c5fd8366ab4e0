// The writing side of a session: what the controller is told.
#include <algorithm>

#include "agent/observe/observation_codec.h"
#include "agent/observe/tcp_codec.h"
#include "agent/session/messages.h"
#include "agent/session/session.h"
#include "common/memory.h"
#include "common/timeline_codec.h"

namespace faultline {
namespace {

using std::chrono::seconds;

constexpr Duration kCountInterval = seconds(1);
// What waits for a controller that asks and does not listen.
constexpr std::size_t kMostAnswers = 10'000;

bool SawAnything(const v1::Observation& observation) {
  return observation.windows_size() + observation.bursts_size() + observation.tcp_windows_size() > 0;
}

}  // namespace

void Session::WriteLoop(Stream& stream) {
  while (true) {
    const MonotonicTime now = clock_.Now();
    if (rhythm_->IsSilent(now)) {
      const std::lock_guard lock(mutex_);
      HangUp(absl::UnavailableError("has said nothing for too long"));
      return;
    }
    // A write fails when the stream is over; the reader will hear why.
    if (!WriteDue(stream, now)) return;
    std::unique_lock lock(mutex_);
    const auto due = [this] { return stream_over_ || stopping_ || awake_ || !outbox_.empty(); };
    wake_.wait_until(lock, ToSteady(rhythm_->Next()), due);
    awake_ = false;
    if (stream_over_) return;
    if (stopping_) {
      lock.unlock();
      if (WriteDue(stream, clock_.Now())) stream.WritesDone();
      return;
    }
  }
}

bool Session::WriteDue(Stream& stream, MonotonicTime now) {
  std::deque<v1::SessionRequest> queued;
  {
    const std::lock_guard lock(mutex_);
    queued.swap(outbox_);
  }
  // After what is to follow it was queued.
  if (rhythm_->TakePing(now) && !WritePing(stream)) return false;
  // What happened goes before what was answered: "no such run" must not overtake how that run ended.
  const std::vector<v1::SessionRequest> happened = journal_.ReadFrom(journal_cursor_);
  queued.insert(queued.begin(), happened.begin(), happened.end());
  const auto write = [&stream](const v1::SessionRequest& message) { return stream.Write(message); };
  if (!std::all_of(queued.begin(), queued.end(), write)) return false;
  const auto has_ended = [](const v1::SessionRequest& message) { return message.has_run_end(); };
  if (std::ranges::any_of(happened, has_ended) && holds_large_.exchange(false)) {
    if (!engine_.Held().empty()) holds_large_ = true;
    ReturnFreedMemory();
  }
  if (now >= next_count_ && !WriteCounters(stream)) return false;
  if (!rhythm_->TakeReport(now)) return true;
  CollectObservations(rhythm_->IsBrisk(now));
  return WriteObservations(stream);
}

void Session::CollectObservations(bool told_anyway) {
  // Before the draining: what is counted meanwhile belongs to the next.
  const std::optional<ControllerTime> until = clock_map_.ToController(clock_.Now());
  v1::Observation observation = DrainProber(prober_);
  DrainTcpProber(tcp_prober_, observation);
  if (!told_anyway && !SawAnything(observation)) return;
  if (until) *observation.mutable_until() = EncodeDuration(until->time_since_epoch());
  observations_.Add(std::move(observation));
}

bool Session::WriteObservations(Stream& stream) {
  if (!welcomed_) return true;
  const std::uint64_t lost = prober_.status().dropped_windows + tcp_prober_.dropped();
  v1::SessionRequest message;
  while (observations_.ReadNext(observation_cursor_, lost, *message.mutable_observation())) {
    if (!stream.Write(message)) return false;
  }
  return true;
}

bool Session::WriteCounters(Stream& stream) {
  next_count_ = clock_.Now() + kCountInterval;
  std::map<RunId, std::vector<RuleCounters>> now = engine_.ReadCounters();
  for (const auto& [run, counters] : now) {
    const auto told = counters_.find(run);
    if (told != counters_.end() && told->second == counters) continue;
    if (!stream.Write(EncodeCounters(run, counters))) return false;
  }
  if (!now.empty()) counters_ = std::move(now);
  return true;
}

bool Session::WritePing(Stream& stream) {
  v1::SessionRequest message;
  v1::ClockPing& ping = *message.mutable_clock_ping();
  if (const auto round_trip = clock_map_.RoundTrip()) *ping.mutable_best_round_trip() = EncodeDuration(*round_trip);
  *ping.mutable_agent_sent() = EncodeTime(clock_.Now());
  return stream.Write(message);
}

void Session::Queue(v1::SessionRequest message) {
  {
    const std::lock_guard lock(mutex_);
    if (outbox_.size() < kMostAnswers) {
      outbox_.push_back(std::move(message));
    } else {
      HangUp(absl::ResourceExhaustedError("asks, and does not listen"));
    }
  }
  wake_.notify_all();
}

void Session::Wake() {
  {
    const std::lock_guard lock(mutex_);
    awake_ = true;
  }
  wake_.notify_all();
}

}  // namespace faultline
