#include "controller/event/event_log.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>

#include "common/status.h"

namespace faultline {

absl::StatusOr<std::unique_ptr<EventLog>> EventLog::Open(const Clock& clock, EventStore& store) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::uint64_t last, store.LastNumber());
  return std::unique_ptr<EventLog>(new EventLog(clock, store, last));
}

void EventLog::Add(v1::Event event) {
  if (!event.has_time()) {
    *event.mutable_time() =
        google::protobuf::util::TimeUtil::NanosecondsToTimestamp(clock_.WallNow().time_since_epoch().count());
  }
  const std::lock_guard lock(mutex_);
  event.set_number(++last_);
  newest_.push_back(std::move(event));
  if (newest_.size() > kMostInMemory) newest_.pop_front();
  added_.notify_all();
}

absl::Status EventLog::Flush() {
  std::vector<v1::Event> events;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t fresh = std::min<std::size_t>(newest_.size(), last_ - stored_);
    events.assign(newest_.end() - static_cast<std::ptrdiff_t>(fresh), newest_.end());
  }
  if (events.empty()) return absl::OkStatus();
  FAULTLINE_RETURN_IF_ERROR(store_.Put(events));
  const std::lock_guard lock(mutex_);
  stored_ = std::max<std::uint64_t>(stored_, events.back().number());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::Event>> EventLog::List(const EventQuery& query) {
  {
    const std::lock_guard lock(mutex_);
    if (query.after && *query.after >= last_ - newest_.size()) {
      std::vector<v1::Event> events;
      for (const v1::Event& event : newest_) {
        if (static_cast<int>(events.size()) == query.most) break;
        if (query.Matches(event)) events.push_back(event);
      }
      return events;
    }
  }
  FAULTLINE_RETURN_IF_ERROR(Flush());
  return store_.List(query);
}

std::uint64_t EventLog::Await(std::uint64_t seen, Duration patience) {
  std::unique_lock lock(mutex_);
  added_.wait_for(lock, patience, [&] { return shutdown_ || last_ > seen; });
  return last_;
}

void EventLog::Shutdown() {
  const std::lock_guard lock(mutex_);
  shutdown_ = true;
  added_.notify_all();
}

}  // namespace faultline
