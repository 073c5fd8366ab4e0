#include "controller/report/run_events.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/report/lateness.h"
#include "controller/report/line_of.h"
#include "controller/report/markup.h"
#include "controller/report/run_words.h"

namespace faultline {
namespace {

using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

std::string JsonBool(bool value) { return value ? "true" : "false"; }

std::string CommandOf(const v1::Capture& capture) {
  return absl::StrCat(
      "[",
      absl::StrJoin(capture.command(), ", ",
                    [](std::string* out, const std::string& word) { absl::StrAppend(out, JsonString(word)); }),
      "]");
}

class Gatherer {
 public:
  Gatherer(const v1::Run& run, const LoggedEvents& log) : run_(run), log_(log) {}

  std::vector<EventLine> Gather() && {
    if (run_.has_created()) AddAccepted();
    for (const v1::Event& event : log_) AddLogged(event);
    for (const v1::GuardCheck& check : run_.guard_checks()) AddGuardCheck(check);
    for (const v1::Capture& capture : run_.captures()) AddCapture(capture);
    if (run_.has_started()) AddStarted();
    for (const v1::StageVerdict& stage : run_.stages()) AddStage(stage);
    for (const v1::NodeRun& part : run_.nodes()) AddNode(part);
    if (run_.has_ended()) AddAt(run_.ended(), LineOf(run_.outcome(), run_.summary()));
    std::ranges::stable_sort(places_, {}, &Place::nanoseconds);
    std::vector<EventLine> lines;
    for (Place& place : places_) lines.push_back(std::move(place.line));
    return lines;
  }

 private:
  // A line, and where it stands.
  struct Place {
    std::int64_t nanoseconds;
    EventLine line;
  };

  // Adds a line by the moment it has after T0; without one it stands at the run's end.
  EventLine& Add(EventLine line) {
    if (!run_.has_started()) line.at.reset();
    if (line.at) return AddAt(*WallAt(run_, *line.at), std::move(line));
    return AddPlaced(
        run_.has_ended() ? TimeUtil::TimestampToNanoseconds(run_.ended()) : std::numeric_limits<std::int64_t>::max(),
        std::move(line));
  }
  // One whose moment the calendar knows.
  EventLine& AddAt(const Timestamp& time, EventLine line) {
    line.time = time;
    return AddPlaced(TimeUtil::TimestampToNanoseconds(time), std::move(line));
  }
  EventLine& AddPlaced(std::int64_t nanoseconds, EventLine line) {
    line.run = run_.id();
    return places_.emplace_back(Place{nanoseconds, std::move(line)}).line;
  }
  // What is done before nodes are armed: without a T0 it stands there.
  EventLine& AddEarly(EventLine line) {
    return run_.has_started() && line.at ? Add(std::move(line)) : AddPlaced(prepared_, std::move(line));
  }

  void AddAccepted() {
    prepared_ = TimeUtil::TimestampToNanoseconds(run_.created());
    EventLine& line = AddAt(run_.created(), {.kind = v1::EVENT_KIND_RUN_ACCEPTED});
    line.fields = {{"plan", JsonString(run_.plan_name())}, {"seed", JsonString(absl::StrCat(run_.seed()))}};
    if (!run_.schedule_name().empty()) line.fields.emplace_back("schedule", JsonString(run_.schedule_name()));
    line.text = absl::StrCat("accepted: plan ", run_.plan_name());
  }

  // As the log has it, but for its number: that is of another order.
  void AddLogged(const v1::Event& event) {
    EventLine line = LineOf(event);
    line.number.reset();
    const std::int64_t moment = TimeUtil::TimestampToNanoseconds(event.time());
    if (event.kind() == v1::EVENT_KIND_RUN_WAITING) prepared_ = std::max(prepared_, moment);
    places_.emplace_back(Place{moment, std::move(line)});
  }

  void AddStarted() {
    EventLine& line = Add({.kind = v1::EVENT_KIND_RUN_STARTED, .at = Duration(0)});
    line.fields = {{"nodes", absl::StrCat(run_.nodes_size())}};
    line.text = absl::StrCat("T0: armed on ", run_.nodes_size(), run_.nodes_size() == 1 ? " node" : " nodes");
  }

  void AddStage(const v1::StageVerdict& stage) {
    EventLine& began = Add({.kind = v1::EVENT_KIND_STAGE_BEGAN, .at = Decoded(stage.start()), .stage = stage.name()});
    began.text = absl::StrCat("stage ", stage.name(), " begins");
    EventLine& ended = Add({.kind = v1::EVENT_KIND_STAGE_ENDED, .at = Decoded(stage.end()), .stage = stage.name()});
    ended.bad = !stage.agrees();
    ended.fields = {{"agrees", JsonBool(stage.agrees())},
                    {"edges", absl::StrCat(stage.edges_size())},
                    {"edges_off", absl::StrCat(WrongEdges(stage))}};
    ended.text = absl::StrCat("stage ", stage.name(), " ends: ", StageText(stage));
    for (const v1::ExpectationVerdict& verdict : run_.expectations()) {
      if (verdict.stage() == stage.name()) AddExpectation(verdict, Decoded(stage.end()));
    }
  }

  void AddExpectation(const v1::ExpectationVerdict& verdict, std::optional<Duration> at) {
    EventLine& line = Add({.kind = v1::EVENT_KIND_EXPECTATION_JUDGED, .at = at, .stage = verdict.stage()});
    line.bad = verdict.judgement() != v1::JUDGEMENT_AS_PLANNED;
    line.fields = {{"expectation", JsonString(verdict.text())},
                   {"judgement", JsonString(NameOf(v1::Judgement_Name(verdict.judgement()), "JUDGEMENT_"))},
                   {"detail", JsonString(verdict.detail())}};
    line.text = absl::StrCat("expected: ", verdict.text(), line.bad ? ": it was not so: " : ": ", verdict.detail());
  }

  void AddGuardCheck(const v1::GuardCheck& check) {
    EventLine& line =
        AddEarly({.kind = v1::EVENT_KIND_GUARD_CHECKED, .at = check.has_at() ? Decoded(check.at()) : std::nullopt});
    line.bad = !check.passed();
    line.fields = {{"guard", JsonString(check.name())},
                   {"passed", JsonBool(check.passed())},
                   {"detail", JsonString(check.detail())},
                   {"repeated", absl::StrCat(check.repeated_checks())}};
    line.text = absl::StrCat("guard ", check.name(), check.passed() ? " passed" : " FAILED",
                             check.detail().empty() ? "" : ": ", check.detail());
    if (check.repeated_checks() > 0) absl::StrAppend(&line.text, "; and again ", check.repeated_checks(), " times");
  }

  void AddCapture(const v1::Capture& capture) {
    const Duration took = Decoded(capture.took()).value_or(Duration(0));
    EventLine& line =
        AddEarly({.kind = v1::EVENT_KIND_CAPTURED, .at = capture.has_at() ? Decoded(capture.at()) : std::nullopt});
    line.fields = {{"observation", JsonString(capture.name())},
                   {"moment", JsonString(capture.moment())},
                   {"command", CommandOf(capture)},
                   {"exit_code", absl::StrCat(capture.exit_code())},
                   {"took_ms", ExactText(took, std::chrono::milliseconds(1))},
                   {"timed_out", JsonBool(capture.timed_out())},
                   {"truncated", JsonBool(capture.truncated())},
                   {"output", JsonString(capture.output())}};
    line.text = absl::StrCat("captured ", capture.name(), " ", capture.moment(), ": exit code ", capture.exit_code());
  }

  void AddNode(const v1::NodeRun& part) {
    for (const v1::StepTransition& transition : part.transitions()) AddTransition(part, transition);
    for (const v1::ForeignChange& change : part.foreign_changes()) Add(LineOf(change, part.node()));
    if (part.has_outcome()) Add(LineOf(part.outcome(), part.node()));
  }

  void AddTransition(const v1::NodeRun& part, const v1::StepTransition& transition) {
    if (!Decoded(transition.actual()) || static_cast<int>(transition.step()) >= run_.step_names_size()) return;
    const std::string& step = run_.step_names(static_cast<int>(transition.step()));
    Add(LineOf(transition, part.node(), step, LatenessOf(run_, part, transition)));
  }

  const v1::Run& run_;
  const LoggedEvents& log_;
  // When everything was ready for guards and observations.
  std::int64_t prepared_ = 0;
  std::vector<Place> places_;
};

}  // namespace

std::vector<EventLine> EventsOf(const v1::Run& run, const LoggedEvents& log) { return Gatherer(run, log).Gather(); }

std::string RenderEvents(const v1::Run& run, const LoggedEvents& log) {
  std::string lines;
  for (const EventLine& line : EventsOf(run, log)) lines += RenderLine(line);
  return lines;
}

}  // namespace faultline
