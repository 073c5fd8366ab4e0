#include "controller/schedule/scheduler.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/duration.h"
#include "common/name.h"
#include "common/status.h"
#include "common/timeline_codec.h"
#include "controller/schedule/cron.h"
#include "controller/schedule/wall_time.h"

namespace faultline {
namespace {

constexpr Duration kLongestJitter = std::chrono::hours(24);
constexpr Duration kLook = std::chrono::seconds(1);
// Between the latest a moment may be drawn and the one after it.
constexpr Duration kLeastGap = std::chrono::seconds(1);
// More that passed are not counted one by one.
constexpr int kMostCounted = 1000;

// FNV-1a, then the finaliser of SplitMix64: the same on every machine.
std::uint64_t Hash(absl::string_view text, std::uint64_t number) {
  std::uint64_t hash = 14695981039346656037ull;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  hash += number;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ull;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebull;
  return hash ^ (hash >> 31);
}

// Whole seconds from 0 to `most`.
Duration DrawJitter(absl::string_view name, WallTime planned, Duration most) {
  const auto choices = static_cast<std::uint64_t>(most / std::chrono::seconds(1)) + 1;
  return std::chrono::seconds(Hash(name, static_cast<std::uint64_t>(planned.time_since_epoch().count())) % choices);
}

absl::Status Check(const v1::Schedule& schedule) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(schedule.name(), "schedule name"));
  FAULTLINE_RETURN_IF_ERROR(Cron::Parse(schedule.cron()).status());
  FAULTLINE_RETURN_IF_ERROR(ReadTimeZone(schedule.timezone()).status());
  const absl::StatusOr<Duration> jitter = DecodeDuration(schedule.jitter());
  if (!jitter.ok() || *jitter < Duration(0) || *jitter > kLongestJitter) {
    return absl::InvalidArgumentError(
        absl::StrCat("a schedule's jitter must be within 0s to ", FormatDuration(kLongestJitter)));
  }
  if (schedule.has_until() && !IsWallTime(schedule.until())) {
    return absl::InvalidArgumentError("a schedule's 'until' must be a moment of the years 1970 to 2199");
  }
  return absl::OkStatus();
}

}  // namespace

void PlanNext(v1::Schedule& schedule, WallTime after) {
  schedule.clear_next();
  schedule.clear_planned();
  const absl::StatusOr<Cron> cron = Cron::Parse(schedule.cron());
  const absl::StatusOr<absl::TimeZone> zone = ReadTimeZone(schedule.timezone());
  if (!cron.ok() || !zone.ok()) return;
  const WallTime planned = cron->NextAfter(after, *zone);
  const Duration jitter = std::min(DecodeDuration(schedule.jitter()).value_or(Duration(0)),
                                   cron->NextAfter(planned, *zone) - planned - kLeastGap);
  const WallTime next = planned + DrawJitter(schedule.name(), planned, jitter);
  if (schedule.has_until() && next > DecodeWall(schedule.until())) return;
  *schedule.mutable_planned() = EncodeWall(planned);
  *schedule.mutable_next() = EncodeWall(next);
}

Scheduler::Scheduler(const Clock& clock, ScheduleStore& store, Start start)
    : clock_(clock), store_(store), start_(std::move(start)), began_(clock.WallNow()) {}

absl::Status Scheduler::Load() {
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<v1::Schedule> schedules, store_.Schedules());
  const std::lock_guard lock(mutex_);
  for (const v1::Schedule& schedule : schedules) schedules_[schedule.name()] = schedule;
  return absl::OkStatus();
}

absl::StatusOr<v1::Schedule> Scheduler::Add(v1::Schedule schedule) {
  FAULTLINE_RETURN_IF_ERROR(Check(schedule));
  schedule.clear_last_run();
  PlanNext(schedule, clock_.WallNow());
  if (!schedule.has_next()) return absl::InvalidArgumentError("the schedule never begins: its 'until' is before that");
  const std::lock_guard lock(mutex_);
  if (schedules_.contains(schedule.name())) {
    return absl::AlreadyExistsError(absl::StrCat("there is a schedule '", schedule.name(), "' already"));
  }
  FAULTLINE_RETURN_IF_ERROR(store_.Put(schedule));
  schedules_[schedule.name()] = schedule;
  return schedule;
}

absl::StatusOr<v1::Schedule> Scheduler::Pause(absl::string_view name, bool paused) {
  const std::lock_guard lock(mutex_);
  const auto found = schedules_.find(std::string(name));
  if (found == schedules_.end()) return absl::NotFoundError(absl::StrCat("there is no schedule '", name, "'"));
  v1::Schedule changed = found->second;
  changed.set_paused(paused);
  if (found->second.paused() && !paused) PlanNext(changed, clock_.WallNow());
  FAULTLINE_RETURN_IF_ERROR(store_.Put(changed));
  return found->second = changed;
}

absl::Status Scheduler::Remove(absl::string_view name) {
  const std::lock_guard lock(mutex_);
  FAULTLINE_RETURN_IF_ERROR(store_.RemoveSchedule(name));
  schedules_.erase(std::string(name));
  return absl::OkStatus();
}

std::vector<v1::Schedule> Scheduler::List() const {
  const std::lock_guard lock(mutex_);
  std::vector<v1::Schedule> all;
  for (const auto& [name, schedule] : schedules_) all.push_back(schedule);
  return all;
}

MonotonicTime Scheduler::Advance() {
  const std::lock_guard lock(mutex_);
  const WallTime now = clock_.WallNow();
  Duration wait = kLook;
  for (auto& [name, schedule] : schedules_) {
    AdvanceOne(schedule, now);
    if (schedule.has_next() && !schedule.paused()) {
      wait = std::min(wait, std::max(DecodeWall(schedule.next()) - now, Duration(0)));
    }
  }
  return clock_.Now() + wait;
}

void Scheduler::AdvanceOne(v1::Schedule& schedule, WallTime now) {
  if (schedule.paused() || !schedule.has_next() || DecodeWall(schedule.next()) > now) return;
  Moment moment{.due = DecodeWall(schedule.next()), .passed = 0};
  v1::Schedule after = schedule;
  PlanNext(after, DecodeWall(after.planned()));
  // Those before this process are for themselves: what is left of them is not to be begun.
  const WallTime last = moment.due < began_ ? std::min(began_ - Duration(1), now) : now;
  // Of those that passed while nobody looked the last counts.
  while (after.has_next() && DecodeWall(after.next()) <= last && moment.passed < kMostCounted) {
    moment.due = DecodeWall(after.next());
    ++moment.passed;
    PlanNext(after, DecodeWall(after.planned()));
  }
  if (after.has_next() && DecodeWall(after.next()) <= last) PlanNext(after, last);
  // First stored, then begun: dying in between leaves a moment out, never uses it twice.
  if (!store_.Put(after).ok()) return;
  const absl::StatusOr<std::string> run = start_(schedule, moment);
  if (run.ok()) after.set_last_run(*run);
  schedule = after;
  store_.Put(schedule).IgnoreError();
}

}  // namespace faultline
