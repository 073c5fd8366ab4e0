#include "controller/report/html_tables.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/report/client_words.h"
#include "controller/report/figure_text.h"
#include "controller/report/observed_text.h"
#include "controller/report/residue.h"
#include "controller/report/run_figures.h"
#include "controller/report/run_words.h"
#include "controller/report/tcp_words.h"

namespace faultline {
namespace {

using RowCells = std::vector<std::string>;

void OpenSection(absl::string_view id, absl::string_view heading, MarkupWriter& out) {
  out.Open("section", {{"id", std::string(id)}});
  out.Leaf("h2", heading);
}

void OpenTable(const RowCells& headings, MarkupWriter& out) {
  out.Open("table");
  out.Open("tr");
  for (const std::string& heading : headings) out.Leaf("th", {{"scope", "col"}}, heading);
  out.Close();
}

void WriteCells(const RowCells& cells, MarkupWriter& out) {
  for (const std::string& cell : cells) out.Leaf("td", cell);
}

// With a sign beside the colour.
void WriteGood(bool good, absl::string_view text, MarkupWriter& out) {
  out.Leaf("td", {{"class", good ? "good" : "bad"}}, absl::StrCat(good ? "✓ " : "✗ ", text));
}

std::string Nanoseconds(const std::optional<Duration>& duration) {
  return duration ? absl::StrCat(duration->count()) : "";
}

std::string LanesText(const StepFigures& step) {
  if (!step.Impaired()) return "-";
  return absl::StrCat(GroupedCount(step.passed), " passed, ", GroupedCount(step.lost), " lost, ",
                      GroupedCount(step.overflowed), " overflowed");
}

// Seconds after T0.
std::string AtText(bool known, const google::protobuf::Duration& message) {
  const std::optional<Duration> at = Decoded(message);
  if (!known || !at) return "-";
  return absl::StrCat(ExactText(std::chrono::round<std::chrono::milliseconds>(*at), std::chrono::seconds(1)), " s");
}

void WriteResidue(const v1::NodeOutcome& outcome, MarkupWriter& out) {
  const v1::ResidueFinding finding = outcome.residue().finding();
  if (finding == v1::RESIDUE_FINDING_UNSPECIFIED || finding == v1::RESIDUE_FINDING_UNKNOWN) {
    out.Leaf("td", ResidueText(outcome));
  } else {
    WriteGood(finding != v1::RESIDUE_FINDING_LEFT, ResidueText(outcome), out);
  }
}

}  // namespace

void WriteSteps(const v1::Run& run, MarkupWriter& out) {
  const std::vector<StepFigures> steps = FiguresOf(run);
  if (steps.empty()) return;
  OpenTable({"step", "what it does", "at", "for", "took in", "healed in", "observed by probes", "start skew",
             "packets met", "in lanes"},
            out);
  for (const StepFigures& step : steps) {
    out.Open("tr", {{"data-step", step.name},
                    {"data-fired-late-ns", Nanoseconds(step.fired_late)},
                    {"data-healed-late-ns", Nanoseconds(step.healed_late)},
                    {"data-skew-ns", Nanoseconds(step.skew)},
                    {"data-packets", step.packets ? absl::StrCat(*step.packets) : ""}});
    out.Leaf("th", {{"scope", "row"}}, step.name);
    WriteCells({step.effect, LengthText(step.at), LengthText(step.length), MillisecondsText(step.fired_late),
                MillisecondsText(step.healed_late), ObservedText(step), MillisecondsText(step.skew),
                step.packets ? GroupedCount(*step.packets) : "-", LanesText(step)},
               out);
    out.Close();
  }
  out.Close();
  const std::optional<Duration> error = WorstClockError(run);
  out.Leaf("p", {{"class", "note"}},
           absl::StrCat(
               "Took in and healed in: from the planned moment to the last node's kernel having confirmed it",
               run.has_ended_early() ? absl::StrCat("; of steps that were to end later, healed in counts from ",
                                                    RoundedText(Decoded(run.ended_early())), ", when the run was ended")
                                     : "",
               ". Observed by probes: on the direction where it took longest. Start skew: from the first node's "
               "start to the last's",
               error ? absl::StrCat("; clocks are known to ±", MillisecondsText(error)) : "", "."));
}

void WriteConnections(const v1::StageVerdict& stage, MarkupWriter& out) {
  const std::vector<TcpGroup> groups = TcpGroupsOf(stage);
  if (groups.empty()) return;
  OpenTable({"connections to TCP port", "planned", "tried", "observed", "attempts"}, out);
  for (const TcpGroup& group : groups) {
    out.Open("tr", {{"data-tcp-port", absl::StrCat(group.port)},
                    {"data-planned", group.planned},
                    {"data-wrong", absl::StrCat(group.wrong)}});
    out.Leaf("th", {{"scope", "row"}}, absl::StrCat(group.port));
    WriteCells({group.planned, absl::StrCat(group.connections)}, out);
    WriteGood(group.wrong == 0, group.Result(), out);
    WriteCells({AttemptsText(group.attempts)}, out);
    out.Close();
  }
  out.Close();
}

void WriteCaptures(const v1::Run& run, MarkupWriter& out) {
  if (run.captures().empty()) return;
  OpenSection("captures", "Captured output", out);
  for (const v1::Capture& capture : run.captures()) {
    out.Open("div", {{"class", "capture"}, {"data-exit-code", absl::StrCat(capture.exit_code())}});
    out.Open("div", {{"class", "moment"}});
    out.Leaf("b", capture.moment());
    out.Leaf("div", absl::StrCat("at ", AtText(capture.has_at(), capture.at())));
    out.Leaf("div", capture.name());
    out.Leaf("div", {{"class", capture.exit_code() == 0 ? "good" : "bad"}},
             absl::StrCat(capture.exit_code() == 0 ? "✓" : "✗", " exit code ", capture.exit_code(),
                          capture.timed_out() ? ", its time ran out" : "", ", took ",
                          MillisecondsText(Decoded(capture.took()))));
    out.Close();
    out.Open("div");
    out.Leaf("code", absl::StrJoin(capture.command(), " "));
    if (capture.has_operations()) out.Leaf("p", OperationLinesText(capture.operations()));
    if (!capture.has_operations() || !capture.output().empty()) out.Leaf("pre", capture.output());
    if (capture.truncated()) out.Leaf("p", {{"class", "note"}}, "The rest of the output was not kept.");
    out.Close();
    out.Close();
  }
  out.Close();
}

void WriteGuards(const v1::Run& run, MarkupWriter& out) {
  if (run.guard_checks().empty()) return;
  OpenSection("guards", "Guards", out);
  OpenTable({"guard", "at", "result", "seen", "checks alike after it"}, out);
  for (const v1::GuardCheck& check : run.guard_checks()) {
    out.Open("tr", {{"data-guard", check.name()}, {"data-passed", check.passed() ? "true" : "false"}});
    WriteCells({check.name(), AtText(check.has_at(), check.at())}, out);
    WriteGood(check.passed(), check.passed() ? "passed" : "failed", out);
    WriteCells({check.detail(), absl::StrCat(check.repeated_checks())}, out);
    out.Close();
  }
  out.Close();
  out.Close();
}

void WriteExpectations(const v1::Run& run, MarkupWriter& out) {
  if (run.expectations().empty()) return;
  OpenSection("expectations", "Expectations", out);
  OpenTable({"expected", "stage", "result", "observed"}, out);
  for (const v1::ExpectationVerdict& verdict : run.expectations()) {
    const bool met = verdict.judgement() == v1::JUDGEMENT_AS_PLANNED;
    const bool unknown = verdict.judgement() == v1::JUDGEMENT_UNSPECIFIED;
    out.Open("tr", {{"data-judgement", v1::Judgement_Name(verdict.judgement())}});
    WriteCells({verdict.text(), verdict.stage()}, out);
    WriteGood(met, met ? "met" : unknown ? "not known" : "not met", out);
    WriteCells({verdict.detail()}, out);
    out.Close();
  }
  out.Close();
  out.Close();
}

void WriteNodes(const v1::Run& run, MarkupWriter& out) {
  if (run.nodes().empty()) return;
  OpenSection("nodes", "Nodes", out);
  OpenTable({"node", "end", "at", "clock error", "agent", "kernel", "residue", "detail"}, out);
  for (const v1::NodeRun& node : run.nodes()) {
    const v1::NodeOutcome& outcome = node.outcome();
    out.Open("tr", {{"data-node", node.node()},
                    {"data-end", v1::NodeEnd_Name(outcome.end())},
                    {"data-residue", v1::ResidueFinding_Name(outcome.residue().finding())}});
    out.Leaf("th", {{"scope", "row"}}, node.node());
    if (!node.has_outcome()) {
      out.Leaf("td", "in progress");
    } else if (outcome.end() == v1::NODE_END_RELEASED) {
      out.Leaf("td", WordOf(outcome.end()));
    } else {
      WriteGood(outcome.end() == v1::NODE_END_COMPLETED, WordOf(outcome.end()), out);
    }
    WriteCells({AtText(outcome.has_at(), outcome.at()),
                node.has_clock_error() ? absl::StrCat("±", MillisecondsText(Decoded(node.clock_error()))) : "-",
                node.agent_version(), node.kernel_release()},
               out);
    WriteResidue(outcome, out);
    WriteCells({outcome.detail()}, out);
    out.Close();
  }
  out.Close();
  out.Close();
}

void WriteEvents(const v1::Run& run, const LoggedEvents& log, MarkupWriter& out) {
  OpenSection("events", "Every event", out);
  OpenTable({"after T0", "time", "kind", "what"}, out);
  for (const EventLine& event : EventsOf(run, log)) {
    out.Open("tr", {{"data-kind", NameOf(event.kind)}});
    WriteCells({event.at ? absl::StrCat(ExactText(std::chrono::round<std::chrono::milliseconds>(*event.at),
                                                  std::chrono::seconds(1)),
                                        " s")
                         : "",
                event.time ? Rfc3339(*event.time) : "", NameOf(event.kind)},
               out);
    if (event.bad) {
      WriteGood(false, event.text, out);
    } else {
      out.Leaf("td", event.text);
    }
    out.Close();
  }
  out.Close();
  out.Close();
}

void WriteReproduction(const v1::Run& run, MarkupWriter& out) {
  OpenSection("reproduce", "To have it again", out);
  if (!run.groups().empty() || !run.names().empty()) {
    OpenTable({"group", "nodes", "addresses"}, out);
    for (const v1::GroupMembers& group : run.groups()) {
      out.Open("tr", {{"data-group", group.name()}});
      const int more = static_cast<int>(group.cidr_count()) - group.cidrs_size();
      WriteCells(
          {group.name(), absl::StrJoin(group.nodes(), " "),
           absl::StrCat(absl::StrJoin(group.cidrs(), " "), more > 0 ? absl::StrCat(" and ", more, " more") : "")},
          out);
      out.Close();
    }
    for (const v1::ResolvedName& name : run.names()) {
      out.Open("tr");
      WriteCells({name.name(), "", absl::StrJoin(name.addresses(), " ")}, out);
      out.Close();
    }
    out.Close();
  }
  const std::map<std::string, std::string> variables(run.variables().begin(), run.variables().end());
  if (!variables.empty()) {
    OpenTable({"variable", "value"}, out);
    for (const auto& [name, value] : variables) {
      out.Open("tr", {{"data-variable", name}});
      WriteCells({absl::StrCat("${", name, "}"), value}, out);
      out.Close();
    }
    out.Close();
  }
  if (!run.plan_text().empty()) {
    out.Leaf("p", absl::StrCat(
                      "The plan, with all that was set on the command line. Saved as a file: faultline run FILE",
                      run.seed() == 0 ? "" : absl::StrCat("; every random choice is by its seed, ", run.seed()), "."));
    out.Leaf("pre", {{"class", "plan"}}, run.plan_text());
  }
  out.Close();
}

}  // namespace faultline
