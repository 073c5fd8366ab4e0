#include "controller/guard/guard_watch.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"

namespace faultline {

GuardWatch::GuardWatch(std::vector<Guard> guards) {
  for (Guard& guard : guards) watched_.push_back({.guard = std::move(guard), .due = ControllerTime::min()});
}

std::vector<std::size_t> GuardWatch::TakeDue(ControllerTime now) {
  std::vector<std::size_t> due;
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    if (!watched_[i].due || *watched_[i].due > now) continue;
    watched_[i].due.reset();
    watched_[i].begun = now;
    watched_[i].overdue = now + watched_[i].guard.every + watched_[i].guard.timeout;
    due.push_back(i);
  }
  return due;
}

std::optional<std::string> GuardWatch::Answer(std::size_t guard, ControllerTime begun, const CheckResult& result) {
  Watched& watched = watched_[guard];
  watched.due = begun + watched.guard.every;
  watched.overdue.reset();
  return Judge(watched, begun, result);
}

bool GuardWatch::AnyOverdue(ControllerTime now) const {
  return std::ranges::any_of(watched_,
                             [now](const Watched& watched) { return watched.overdue && *watched.overdue <= now; });
}

std::optional<std::string> GuardWatch::FailOverdue(ControllerTime now) {
  std::optional<std::string> why;
  for (Watched& watched : watched_) {
    if (!watched.overdue || *watched.overdue > now) continue;
    *watched.overdue += watched.guard.every;
    const auto reason = Judge(watched, watched.begun, {.passed = false, .detail = "no answer from the check in time"});
    if (!why) why = reason;
  }
  return why;
}

std::optional<std::string> GuardWatch::Judge(Watched& watched, ControllerTime begun, const CheckResult& result) {
  watched.answered = true;
  watched.failed_in_row = result.passed ? 0 : watched.failed_in_row + 1;
  Note(watched, begun, result);
  if (result.passed || !watched.guard.abort) return std::nullopt;
  if (armed_ && watched.failed_in_row < watched.guard.failures) return std::nullopt;
  return absl::StrCat("guard '", watched.guard.name, "' failed: ", result.detail);
}

bool GuardWatch::Steady() const { return std::ranges::all_of(watched_, &Watched::answered); }

std::optional<ControllerTime> GuardWatch::NextDue() const {
  std::optional<ControllerTime> next;
  for (const Watched& watched : watched_) {
    if (watched.due && (!next || *watched.due < *next)) next = watched.due;
  }
  return next;
}

void GuardWatch::Note(Watched& watched, ControllerTime begun, const CheckResult& result) {
  if (watched.last) {
    v1::GuardCheck& last = checks_[*watched.last].check;
    const bool same = last.passed() == result.passed && (result.passed || last.detail() == result.detail);
    if (same || checks_.size() >= static_cast<std::size_t>(kMostRecorded)) {
      last.set_repeated_checks(last.repeated_checks() + 1);
      return;
    }
  }
  Entry& entry = checks_.emplace_back();
  entry.begun = begun;
  entry.check.set_name(watched.guard.name);
  entry.check.set_passed(result.passed);
  entry.check.set_detail(result.detail);
  watched.last = checks_.size() - 1;
}

void GuardWatch::Record(std::optional<ControllerTime> t0, v1::Run& run) const {
  run.clear_guard_checks();
  for (const Entry& entry : checks_) {
    v1::GuardCheck& check = *run.add_guard_checks() = entry.check;
    if (t0) *check.mutable_at() = EncodeDuration(entry.begun - *t0);
  }
}

}  // namespace faultline
