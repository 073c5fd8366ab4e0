#include "controller/guard/observation_watch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"

namespace faultline {

ObservationWatch::ObservationWatch(const Plan& plan) : observations_(plan.observations), moments_(MomentsOf(plan)) {
  timed_ = static_cast<std::size_t>(std::ranges::find_if(moments_, &ObservationMoment::end) - moments_.begin());
}

std::vector<std::size_t> ObservationWatch::Begin(std::size_t first, std::size_t end) {
  std::vector<std::size_t> taken;
  for (std::size_t i = first; i < end; ++i) taken.push_back(i);
  under_way_.insert(taken.begin(), taken.end());
  return taken;
}

std::vector<std::size_t> ObservationWatch::TakeFirst() {
  const std::size_t from = next_;
  while (next_ < timed_ && moments_[next_].first) ++next_;
  return Begin(from, next_);
}

std::vector<std::size_t> ObservationWatch::TakeDue(Duration elapsed) {
  const std::size_t from = next_;
  while (next_ < timed_ && moments_[next_].at <= elapsed) ++next_;
  return Begin(from, next_);
}

std::vector<std::size_t> ObservationWatch::TakeEnd() {
  if (std::exchange(end_taken_, true)) return {};
  return Begin(timed_, moments_.size());
}

void ObservationWatch::PutOff(Duration from, Duration shift) {
  for (std::size_t i = next_; i < timed_; ++i) {
    if (moments_[i].at >= from) moments_[i].at += shift;
  }
}

CommandRequest ObservationWatch::RequestOf(std::size_t moment, const std::string& run, const std::string& plan,
                                           WallTime zero) const {
  const ObservationMoment& what = moments_[moment];
  const Observation& observation = observations_[what.observation];
  const char* word = what.end ? "end" : what.before ? "before" : "after";
  CommandRequest request = {.command = observation.command,
                            .context = {.run = run, .plan = plan, .step = what.step, .moment = word},
                            .timeout = observation.timeout};
  if (observation.format == OutputFormat::kOperations) request.operations_from = zero;
  return request;
}

void ObservationWatch::Answer(std::size_t moment, ControllerTime begun, CommandResult result) {
  under_way_.erase(moment);
  const Observation& observation = observations_[moments_[moment].observation];
  const std::size_t room = kMostRecordedOutput - recorded_;
  if (result.output.size() > room) {
    result.output.resize(room);
    result.truncated = true;
  }
  recorded_ += result.output.size();
  Captured& captured = captured_.emplace_back();
  captured.begun = begun;
  v1::Capture& capture = captured.capture;
  capture.set_name(observation.name);
  capture.set_moment(moments_[moment].text);
  *capture.mutable_took() = EncodeDuration(result.took);
  capture.mutable_command()->Assign(observation.command.arguments.begin(), observation.command.arguments.end());
  capture.set_exit_code(result.exit_code);
  capture.set_output(std::move(result.output));
  capture.set_truncated(result.truncated);
  capture.set_timed_out(result.timed_out);
  if (observation.format != OutputFormat::kOperations) return;
  capture.mutable_operations();
  if (!result.operations) return;
  *capture.mutable_operations() = result.operations->lines;
  KeepLog(moments_[moment].observation, begun, *std::move(result.operations));
}

void ObservationWatch::KeepLog(std::size_t observation, ControllerTime begun, OperationOutput output) {
  const v1::OperationLines& lines = output.lines;
  if (lines.operations() + lines.happenings() + lines.accountings() == 0) return;
  const auto before = told_.find(observation);
  if (before != told_.end() && before->second.begun > begun) return;
  told_.insert_or_assign(observation, Told{begun, std::move(output.log)});
}

std::optional<ObservationWatch::Clients> ObservationWatch::Operations(WallTime zero) const {
  if (told_.empty()) return std::nullopt;
  Clients all = {.log = OperationLog(zero)};
  for (const auto& [observation, told] : told_) all.left_out += all.log.Merge(told.log);
  return all;
}

Duration ObservationWatch::LongestTimeout() const {
  Duration longest(0);
  for (const Observation& observation : observations_) longest = std::max(longest, observation.timeout);
  return longest;
}

Duration ObservationWatch::LongestUnderWay() const {
  Duration longest(0);
  for (const std::size_t i : under_way_) longest = std::max(longest, observations_[moments_[i].observation].timeout);
  return longest;
}

std::vector<std::string> ObservationWatch::Unanswered() const {
  std::vector<std::string> texts;
  for (const std::size_t i : under_way_) {
    texts.push_back(absl::StrCat("observation ", observations_[moments_[i].observation].name, ", ", moments_[i].text));
  }
  return texts;
}

void ObservationWatch::Record(std::optional<ControllerTime> t0, v1::Run& run) const {
  std::vector<const Captured*> sorted;
  for (const Captured& captured : captured_) sorted.push_back(&captured);
  std::ranges::stable_sort(sorted, {}, &Captured::begun);
  run.clear_captures();
  for (const Captured* captured : sorted) {
    v1::Capture& capture = *run.add_captures() = captured->capture;
    if (t0) *capture.mutable_at() = EncodeDuration(captured->begun - *t0);
  }
}

}  // namespace faultline
