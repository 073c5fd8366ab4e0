#include "agent/session/run_log.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/duration.h"
#include "common/log/log.h"

namespace faultline {
namespace {

// Milliseconds: nobody reads nanoseconds in a log.
std::string Brief(Duration duration) { return FormatDuration(std::chrono::round<std::chrono::milliseconds>(duration)); }

absl::string_view WordsOf(RunEnd end) {
  switch (end) {
    case RunEnd::kCompleted:
      return "healed: it came to its end";
    case RunEnd::kReleased:
      return "healed: the controller released it";
    case RunEnd::kLeaseLost:
      return "healed: its lease was not renewed";
    case RunEnd::kShutdown:
      return "healed: the agent stops";
    case RunEnd::kLocalHeal:
      return "healed by `faultline-agent heal`";
    case RunEnd::kFailed:
      return "healed: it failed";
  }
  return "healed";
}

// Empty when all is as it was before the run.
std::string Residue(const ResidueProof& residue) {
  const std::string things = absl::StrCat(absl::StrJoin(residue.things, ", "),
                                          residue.more == 0 ? "" : absl::StrCat(" and ", residue.more, " more"));
  switch (residue.finding) {
    case ResidueProof::Finding::kEqual:
    case ResidueProof::Finding::kUnknown:
      return "";
    case ResidueProof::Finding::kLeft:
      return absl::StrCat("left in the kernel: ", things);
    case ResidueProof::Finding::kChanged:
      return absl::StrCat("others have changed: ", things);
  }
  return "";
}

}  // namespace

void RunLog::OnStep(const RunId& run, const StepReport& report) {
  LogInfo(absl::StrCat(report.fired ? "began" : "ended", " at T0+", Brief(report.actual), ", planned for T0+",
                       Brief(report.planned)),
          {.run = run.text(), .step = report.step});
  next_.OnStep(run, report);
}

void RunLog::OnForeignChange(const RunId& run, std::optional<Duration> at, const std::string& text) {
  LogWarning(absl::StrCat("changed by others: ", text), {.run = run.text()});
  next_.OnForeignChange(run, at, text);
}

void RunLog::OnRunEnd(const RunId& run, const RunReport& report) {
  const bool planned = report.end == RunEnd::kCompleted || report.end == RunEnd::kReleased;
  const std::string text = absl::StrCat(WordsOf(report.end), report.detail.empty() ? "" : ": ", report.detail);
  const LogSubject subject{.run = run.text()};
  planned ? LogInfo(text, subject) : LogWarning(text, subject);
  if (const std::string residue = Residue(report.residue); !residue.empty()) LogWarning(residue, subject);
  next_.OnRunEnd(run, report);
}

}  // namespace faultline
