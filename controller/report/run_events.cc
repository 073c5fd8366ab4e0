#include "controller/report/run_events.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "controller/report/markup.h"
#include "controller/report/run_words.h"

namespace faultline {
namespace {

using google::protobuf::Timestamp;
using Moment = std::tuple<std::int64_t, std::int32_t>;

constexpr Duration kMillisecond = std::chrono::milliseconds(1);
constexpr Duration kSecond = std::chrono::seconds(1);

std::string JsonBool(bool value) { return value ? "true" : "false"; }

std::string JsonMilliseconds(Duration duration) { return ExactText(duration, kMillisecond); }

// The name of an enum's value, without what all its values have in common: "OUTCOME_VERIFIED" as "verified".
std::string JsonEnum(absl::string_view name, absl::string_view prefix) {
  return JsonString(absl::AsciiStrToLower(absl::StripPrefix(name, prefix)));
}

class Gatherer {
 public:
  explicit Gatherer(const v1::Run& run) : run_(run) {}

  std::vector<RunEvent> Gather() {
    AddAccepted();
    for (const v1::GuardCheck& check : run_.guard_checks()) AddGuardCheck(check);
    for (const v1::Capture& capture : run_.captures()) AddCapture(capture);
    if (run_.has_started()) AddStarted();
    for (const v1::StageVerdict& stage : run_.stages()) AddStage(stage);
    for (const v1::NodeRun& node : run_.nodes()) AddNode(node);
    if (run_.has_ended()) AddEnded();
    // Without a T0 nothing but the first and the last has a moment.
    if (run_.has_started()) std::ranges::stable_sort(events_, {}, [this](const auto& event) { return Key(event); });
    return std::move(events_);
  }

 private:
  Moment Key(const RunEvent& event) const {
    if (!event.time && !run_.has_ended()) return {std::numeric_limits<std::int64_t>::max(), 0};
    const Timestamp& time = event.time ? *event.time : run_.ended();
    return {time.seconds(), time.nanos()};
  }

  RunEvent& Add(absl::string_view kind, std::optional<Duration> at) {
    RunEvent& event = events_.emplace_back();
    event.kind = kind;
    if (!run_.has_started() || !at) return event;
    event.at = at;
    event.time = WallAt(run_, *at);
    return event;
  }

  // One whose moment only the calendar knows.
  RunEvent& AddAt(absl::string_view kind, const Timestamp& time) {
    RunEvent& event = events_.emplace_back();
    event.kind = kind;
    event.time = time;
    return event;
  }

  void AddAccepted() {
    if (!run_.has_created()) return;
    RunEvent& event = AddAt("run_accepted", run_.created());
    event.fields = {{"plan", JsonString(run_.plan_name())}, {"seed", JsonString(absl::StrCat(run_.seed()))}};
    if (!run_.schedule_name().empty()) event.fields.emplace_back("schedule", JsonString(run_.schedule_name()));
    event.text = absl::StrCat("accepted: plan ", run_.plan_name());
  }

  void AddStarted() {
    RunEvent& event = Add("run_started", Duration(0));
    event.fields = {{"nodes", absl::StrCat(run_.nodes_size())}};
    event.text = absl::StrCat("T0: armed on ", run_.nodes_size(), run_.nodes_size() == 1 ? " node" : " nodes");
  }

  void AddStage(const v1::StageVerdict& stage) {
    RunEvent& began = Add("stage_began", Decoded(stage.start()));
    began.stage = stage.name();
    began.text = absl::StrCat("stage ", stage.name(), " begins");
    RunEvent& ended = Add("stage_ended", Decoded(stage.end()));
    ended.stage = stage.name();
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
    RunEvent& event = Add("expectation_judged", at);
    event.stage = verdict.stage();
    event.bad = verdict.judgement() != v1::JUDGEMENT_AS_PLANNED;
    event.fields = {{"expectation", JsonString(verdict.text())},
                    {"judgement", JsonEnum(v1::Judgement_Name(verdict.judgement()), "JUDGEMENT_")},
                    {"detail", JsonString(verdict.detail())}};
    event.text = absl::StrCat("expected: ", verdict.text(), event.bad ? ": it was not so: " : ": ", verdict.detail());
  }

  void AddGuardCheck(const v1::GuardCheck& check) {
    RunEvent& event = Add("guard_checked", check.has_at() ? Decoded(check.at()) : std::nullopt);
    event.bad = !check.passed();
    event.fields = {{"guard", JsonString(check.name())},
                    {"passed", JsonBool(check.passed())},
                    {"detail", JsonString(check.detail())},
                    {"repeated", absl::StrCat(check.repeated_checks())}};
    event.text = absl::StrCat("guard ", check.name(), check.passed() ? " passed" : " FAILED",
                              check.detail().empty() ? "" : ": ", check.detail());
    if (check.repeated_checks() > 0) absl::StrAppend(&event.text, "; and again ", check.repeated_checks(), " times");
  }

  void AddCapture(const v1::Capture& capture) {
    RunEvent& event = Add("captured", capture.has_at() ? Decoded(capture.at()) : std::nullopt);
    event.fields = {{"observation", JsonString(capture.name())},
                    {"moment", JsonString(capture.moment())},
                    {"command", CommandOf(capture)},
                    {"exit_code", absl::StrCat(capture.exit_code())},
                    {"took_ms", JsonMilliseconds(Decoded(capture.took()).value_or(Duration(0)))},
                    {"timed_out", JsonBool(capture.timed_out())},
                    {"truncated", JsonBool(capture.truncated())},
                    {"output", JsonString(capture.output())}};
    event.text = absl::StrCat("captured ", capture.name(), " ", capture.moment(), ": exit code ", capture.exit_code());
  }

  static std::string CommandOf(const v1::Capture& capture) {
    return absl::StrCat(
        "[",
        absl::StrJoin(capture.command(), ", ",
                      [](std::string* out, const std::string& word) { absl::StrAppend(out, JsonString(word)); }),
        "]");
  }

  void AddNode(const v1::NodeRun& node) {
    for (const v1::StepTransition& transition : node.transitions()) AddTransition(node, transition);
    if (!node.has_outcome()) return;
    const v1::NodeOutcome& outcome = node.outcome();
    RunEvent& event = Add("node_ended", outcome.has_at() ? Decoded(outcome.at()) : std::nullopt);
    event.node = node.node();
    event.bad = outcome.end() != v1::NODE_END_COMPLETED && outcome.end() != v1::NODE_END_RELEASED;
    event.fields = {{"end", JsonEnum(v1::NodeEnd_Name(outcome.end()), "NODE_END_")},
                    {"detail", JsonString(outcome.detail())}};
    event.text =
        absl::StrCat(node.node(), ": ", WordOf(outcome.end()), outcome.detail().empty() ? "" : ": ", outcome.detail());
  }

  void AddTransition(const v1::NodeRun& node, const v1::StepTransition& transition) {
    const std::optional<Duration> actual = Decoded(transition.actual());
    const std::optional<Duration> planned = Decoded(transition.planned());
    const bool fired = transition.transition() == v1::TRANSITION_FIRED;
    if (!actual || !planned || static_cast<int>(transition.step()) >= run_.step_names_size()) return;
    RunEvent& event = Add(fired ? "step_fired" : "step_healed", actual);
    event.node = node.node();
    event.step = run_.step_names(static_cast<int>(transition.step()));
    const Duration late = *actual - *planned;
    event.fields = {{"planned_s", ExactText(*planned, kSecond)},
                    {"late_ms", JsonMilliseconds(late)},
                    {"kernel_ms", JsonMilliseconds(Decoded(transition.kernel_time()).value_or(Duration(0)))}};
    event.text = absl::StrCat(event.step, fired ? " acts on " : " is healed on ", node.node(), ", ",
                              MillisecondsText(late), " after its moment");
  }

  void AddEnded() {
    RunEvent& event = AddAt("run_ended", run_.ended());
    event.bad = run_.outcome() != v1::OUTCOME_VERIFIED;
    event.fields = {{"outcome", JsonEnum(v1::Outcome_Name(run_.outcome()), "OUTCOME_")},
                    {"summary", JsonString(run_.summary())}};
    event.text = absl::StrCat(WordOf(run_), ": ", run_.summary());
  }

  const v1::Run& run_;
  std::vector<RunEvent> events_;
};

void AppendText(absl::string_view name, const std::string& value, std::string& line) {
  if (!value.empty()) absl::StrAppend(&line, ", \"", name, "\": ", JsonString(value));
}

}  // namespace

std::vector<RunEvent> EventsOf(const v1::Run& run) { return Gatherer(run).Gather(); }

std::string RenderEvents(const v1::Run& run) {
  std::string lines;
  for (const RunEvent& event : EventsOf(run)) {
    const std::string time = event.time ? absl::StrCat("\"time\": \"", Rfc3339(*event.time), "\", ") : "";
    std::string line = absl::StrCat("{", time, "\"run\": ", JsonString(run.id()), ", \"kind\": \"", event.kind, "\"");
    if (event.at) absl::StrAppend(&line, ", \"at_s\": ", ExactText(*event.at, kSecond));
    AppendText("node", event.node, line);
    AppendText("step", event.step, line);
    AppendText("stage", event.stage, line);
    for (const auto& [name, value] : event.fields) absl::StrAppend(&line, ", \"", name, "\": ", value);
    absl::StrAppend(&lines, line, "}\n");
  }
  return lines;
}

}  // namespace faultline
