#include "agent/session/journal.h"

#include <algorithm>

#include "agent/session/messages.h"

namespace faultline {
namespace {

constexpr std::size_t kMostEntries = 10'000;
// What a run has to tell is some hundred bytes an entry.
constexpr std::size_t kMostBytes = std::size_t{4} << 20;

}  // namespace

void Journal::OnStep(const RunId& run, const StepReport& report) { Append(EncodeStep(run, report)); }

void Journal::OnRunEnd(const RunId& run, const RunReport& report) { Append(EncodeRunEnd(run, report)); }

void Journal::OnForeignChange(const RunId& run, std::optional<Duration> at, const std::string& text) {
  Append(EncodeForeignChange(run, at, text));
}

std::vector<v1::SessionRequest> Journal::ReadFrom(std::uint64_t& cursor) const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t from = std::max(cursor, first_);
  cursor = first_ + entries_.size();
  return {entries_.begin() + static_cast<std::ptrdiff_t>(from - first_), entries_.end()};
}

void Journal::SetWaker(std::function<void()> waker) {
  const std::lock_guard lock(mutex_);
  waker_ = std::move(waker);
}

void Journal::Append(v1::SessionRequest entry) {
  const std::lock_guard lock(mutex_);
  bytes_ += entry.ByteSizeLong();
  entries_.push_back(std::move(entry));
  while (entries_.size() > kMostEntries || (bytes_ > kMostBytes && entries_.size() > 1)) {
    bytes_ -= entries_.front().ByteSizeLong();
    entries_.pop_front();
    ++first_;
  }
  if (waker_) waker_();
}

}  // namespace faultline
