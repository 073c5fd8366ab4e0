#include "controller/report/report_junit.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "controller/report/markup_writer.h"
#include "controller/report/observed_text.h"
#include "controller/report/residue.h"
#include "controller/report/result_text.h"
#include "controller/report/run_figures.h"
#include "controller/report/run_words.h"
#include "controller/report/summary.h"
#include "controller/report/tcp_verdict.h"
#include "controller/report/tcp_words.h"

namespace faultline {
namespace {

constexpr std::size_t kMostEdgesNamed = 100;

enum class Result { kPassed, kFailed, kError, kSkipped };

struct TestCase {
  std::string name;
  Duration time{0};
  Result result = Result::kPassed;
  // Of a failure in CI systems' terms.
  absl::string_view type;
  // In a line, and in full.
  std::string message;
  std::string detail;
};

TestCase RunCase(const v1::Run& run) {
  TestCase test = {.name = "run", .message = run.summary(), .detail = run.summary()};
  if (run.has_length()) test.time = Decoded(run.length()).value_or(Duration(0));
  if (run.state() != v1::RUN_STATE_ENDED) {
    test.result = Result::kError;
    test.type = "NotOver";
    test.message = absl::StrCat("the run is not over: ", WordOf(run));
  } else if (run.outcome() == v1::OUTCOME_REFUSED || run.outcome() == v1::OUTCOME_MISSED) {
    test.result = Result::kError;
    test.type = run.outcome() == v1::OUTCOME_REFUSED ? "Refused" : "Missed";
  } else if (run.outcome() != v1::OUTCOME_VERIFIED) {
    test.result = Result::kFailed;
    test.type = run.outcome() == v1::OUTCOME_NOT_VERIFIED ? "NotVerified" : "EndedEarly";
  }
  return test;
}

std::string DescribeWrong(const v1::StageVerdict& stage) {
  std::vector<std::string> lines;
  for (const v1::EdgeVerdict& edge : stage.edges()) {
    if (!Agrees(edge) && lines.size() < kMostEdgesNamed) lines.push_back(DescribeEdge(edge));
  }
  for (const v1::TcpVerdict& edge : stage.tcp()) {
    if (!Agrees(edge) && lines.size() < kMostEdgesNamed) lines.push_back(DescribeConnection(edge));
  }
  const auto more = static_cast<std::size_t>(WrongEdges(stage) + WrongConnections(stage)) - lines.size();
  if (more > 0) lines.push_back(absl::StrCat("and ", more, " more"));
  return absl::StrJoin(lines, "\n");
}

TestCase StageCase(const v1::StageVerdict& stage) {
  const Duration start = Decoded(stage.start()).value_or(Duration(0));
  const Duration end = Decoded(stage.end()).value_or(start);
  TestCase test = {.name = absl::StrCat("stage ", stage.name()), .time = end - start};
  if (stage.agrees()) return test;
  test.result = Result::kFailed;
  test.type = "NotAsPlanned";
  test.message = StageText(stage);
  test.detail = DescribeWrong(stage);
  return test;
}

// One for each port that was tried and each way in which it was planned.
std::vector<TestCase> PortCases(const v1::StageVerdict& stage) {
  std::vector<TestCase> cases;
  for (const TcpGroup& group : TcpGroupsOf(stage)) {
    TestCase& test = cases.emplace_back(
        TestCase{.name = absl::StrCat("stage ", stage.name(), ", tcp port ", group.port, " planned ", group.planned)});
    if (group.wrong == 0 && group.unknown < group.connections) continue;
    test.result = group.wrong > 0 ? Result::kFailed : Result::kSkipped;
    test.type = "NotAsPlanned";
    test.message = group.wrong > 0 ? absl::StrCat(group.Result(), " of ", group.connections,
                                                  " connections: ", AttemptsText(group.attempts))
                                   : "there were too few attempts to tell";
    test.detail = test.message;
  }
  return cases;
}

TestCase ExpectationCase(const v1::ExpectationVerdict& verdict) {
  TestCase test = {.name = absl::StrCat("expectation ", verdict.text(), ", stage ", verdict.stage())};
  if (verdict.judgement() == v1::JUDGEMENT_AS_PLANNED) return test;
  test.result = Result::kFailed;
  test.type = verdict.judgement() == v1::JUDGEMENT_OFF ? "NotMet" : "NotKnown";
  test.message = test.detail = verdict.detail();
  return test;
}

std::vector<TestCase> GuardCases(const v1::Run& run) {
  std::map<std::string, std::vector<std::string>> failures;
  for (const v1::GuardCheck& check : run.guard_checks()) {
    std::vector<std::string>& failed = failures[check.name()];
    if (check.passed()) continue;
    const std::string at = check.has_at() ? absl::StrCat("at ", RoundedText(Decoded(check.at())), ": ") : "";
    failed.push_back(absl::StrCat(at, check.detail()));
  }
  std::vector<TestCase> cases;
  for (const auto& [name, failed] : failures) {
    TestCase& test = cases.emplace_back(TestCase{.name = absl::StrCat("guard ", name)});
    if (failed.empty() || run.outcome() == v1::OUTCOME_VERIFIED) continue;
    test.result = Result::kFailed;
    test.type = "GuardFailed";
    test.message = failed.front();
    test.detail = absl::StrJoin(failed, "\n");
  }
  return cases;
}

TestCase ResidueCase(const v1::Run& run) {
  TestCase test = {.name = "residue"};
  const std::vector<std::string> left = ResidueLeft(run);
  const std::vector<std::string> unknown = ResidueUnknown(run);
  if (!left.empty()) {
    test.result = Result::kFailed;
    test.type = "Residue";
    test.message = left.front();
    test.detail = absl::StrJoin(left, "\n");
  } else if (!unknown.empty()) {
    test.result = Result::kSkipped;
    test.message = absl::StrCat("not known: ", absl::StrJoin(unknown, "; "));
  }
  return test;
}

std::vector<TestCase> CasesOf(const v1::Run& run) {
  std::vector<TestCase> cases = {RunCase(run)};
  for (const v1::StageVerdict& stage : run.stages()) {
    cases.push_back(StageCase(stage));
    for (TestCase& test : PortCases(stage)) cases.push_back(std::move(test));
  }
  for (int i = run.stages_size(); i < run.schedule_size(); ++i) {
    cases.push_back({.name = absl::StrCat("stage ", run.schedule(i).name()),
                     .result = Result::kSkipped,
                     .message = "it was never observed"});
  }
  for (const v1::ExpectationVerdict& verdict : run.expectations()) cases.push_back(ExpectationCase(verdict));
  for (TestCase& test : GuardCases(run)) cases.push_back(std::move(test));
  if (ResidueSought(run)) cases.push_back(ResidueCase(run));
  return cases;
}

std::string Seconds(Duration time) {
  return ExactText(std::chrono::round<std::chrono::milliseconds>(std::max(time, Duration(0))), std::chrono::seconds(1));
}

// Without a time zone, as its schemas want it; in UTC.
std::string StartText(const v1::Run& run) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%S",
                          absl::FromUnixSeconds((run.has_started() ? run.started() : run.created()).seconds()),
                          absl::UTCTimeZone());
}

void WriteCase(const v1::Run& run, const TestCase& test, MarkupWriter& out) {
  out.Open(
      "testcase",
      {{"classname", absl::StrCat("faultline.", run.plan_name())}, {"name", test.name}, {"time", Seconds(test.time)}});
  switch (test.result) {
    case Result::kPassed:
      break;
    case Result::kFailed:
      out.Leaf("failure", {{"message", test.message}, {"type", std::string(test.type)}}, test.detail);
      break;
    case Result::kError:
      out.Leaf("error", {{"message", test.message}, {"type", std::string(test.type)}}, test.detail);
      break;
    case Result::kSkipped:
      out.Empty("skipped", {{"message", test.message}});
      break;
  }
  out.Close();
}

}  // namespace

std::string RenderJunit(const v1::Run& run) {
  const std::vector<TestCase> cases = CasesOf(run);
  const auto count = [&cases](Result result) {
    return absl::StrCat(std::ranges::count(cases, result, &TestCase::result));
  };
  MarkupWriter out;
  out.Constant("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  out.Open("testsuites");
  out.Open("testsuite", {{"name", absl::StrCat("faultline.", run.plan_name())},
                         {"tests", absl::StrCat(cases.size())},
                         {"failures", count(Result::kFailed)},
                         {"errors", count(Result::kError)},
                         {"skipped", count(Result::kSkipped)},
                         {"time", Seconds(cases.front().time)},
                         {"timestamp", StartText(run)}});
  out.Open("properties");
  out.Empty("property", {{"name", "run"}, {"value", run.id()}});
  out.Empty("property", {{"name", "seed"}, {"value", absl::StrCat(run.seed())}});
  out.Empty("property", {{"name", "controller"}, {"value", run.controller_version()}});
  for (const StepFigures& step : FiguresOf(run)) {
    const std::string observed = ObservedText(step);
    if (!observed.empty()) out.Empty("property", {{"name", absl::StrCat("step ", step.name)}, {"value", observed}});
  }
  for (const v1::StageVerdict& stage : run.stages()) {
    const std::string waited = WaitText(stage);
    if (!waited.empty()) {
      out.Empty("property", {{"name", absl::StrCat("stage ", stage.name())},
                             {"value", std::string(absl::StripPrefix(waited, "; "))}});
    }
  }
  out.Close();
  for (const TestCase& test : cases) WriteCase(run, test, out);
  out.Close();
  out.Close();
  return out.Take();
}

}  // namespace faultline
