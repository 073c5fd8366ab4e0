#include "controller/report/render_run.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"
#include "controller/report/client_words.h"
#include "controller/report/figure_text.h"
#include "controller/report/observed_text.h"
#include "controller/report/render_matrix.h"
#include "controller/report/residue.h"
#include "controller/report/result_text.h"
#include "controller/report/run_figures.h"
#include "controller/report/run_words.h"
#include "controller/report/summary.h"
#include "controller/report/tcp_verdict.h"
#include "controller/report/tcp_words.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string RunStanding(const v1::Run& run, const TerminalStyle& style) {
  if (run.state() != v1::RUN_STATE_ENDED) return std::string(WordOf(run));
  const bool good = run.outcome() == v1::OUTCOME_VERIFIED;
  const bool bad = run.outcome() == v1::OUTCOME_NOT_VERIFIED;
  return Paint(WordOf(run), good ? Ink::kGood : bad ? Ink::kBad : Ink::kPlain, style);
}

std::string Header(const v1::Run& run, const TerminalStyle& style) {
  Rows rows = {{"plan", absl::StrCat(run.plan_name(), run.seed() == 0 ? "" : absl::StrCat(", seed ", run.seed()))}};
  if (run.has_created()) rows.push_back({"accepted", WallText(run.created())});
  rows.push_back({"started", run.has_started() ? WallText(run.started()) : "never"});
  if (run.has_ended()) rows.push_back({"ended", WallText(run.ended())});
  if (run.has_length()) rows.push_back({"length", LengthText(Decoded(run.length()))});
  return absl::StrCat(run.id(), ": ", RunStanding(run, style), "\n", Tame(run.summary()),
                      run.summary().empty() ? "" : "\n", FormatTable(rows, 2));
}

// "far: delay 80ms, lose 1%: 12 345 passed, 123 lost, 0 overflowed"; nothing for a step that drops everything.
std::string EffectLine(const StepFigures& step, const TerminalStyle& style) {
  if (step.effect == "drop" || (step.effect.empty() && !step.Impaired())) return "";
  std::string line = step.name;
  if (!step.effect.empty()) absl::StrAppend(&line, ": ", Tame(step.effect));
  if (!step.Impaired()) return line + "\n";
  const std::string overflowed = absl::StrCat(GroupedCount(step.overflowed), " overflowed");
  absl::StrAppend(&line, ": ", GroupedCount(step.passed), " passed, ", GroupedCount(step.lost), " lost, ",
                  Paint(overflowed, step.overflowed > 0 ? Ink::kBad : Ink::kPlain, style), "\n");
  return line;
}

std::string Steps(const v1::Run& run, const TerminalStyle& style) {
  const std::vector<StepFigures> steps = FiguresOf(run);
  if (steps.empty()) return "";
  Rows rows = {{"STEP", "AT", "FOR", "FIRED LATE", "HEALED LATE", "SKEW", "PACKETS"}};
  std::string notes;
  for (const StepFigures& step : steps) {
    notes += EffectLine(step, style);
    rows.push_back({step.name, LengthText(step.at), LengthText(step.length), MillisecondsText(step.fired_late),
                    MillisecondsText(step.healed_late), MillisecondsText(step.skew),
                    step.packets ? absl::StrCat(*step.packets) : "-"});
    const std::string observed = ObservedText(step);
    if (!observed.empty()) absl::StrAppend(&notes, step.name, ", observed: ", observed, "\n");
    if (run.state() == v1::RUN_STATE_ENDED && step.MatchedNothing()) {
      absl::StrAppend(&notes,
                      Paint(absl::StrCat("step ", step.name, " matched nothing: no packet met its rules on any node"),
                            Ink::kBad, style),
                      "\n");
    }
  }
  if (const std::optional<Duration> error = WorstClockError(run)) {
    absl::StrAppend(&notes, "Lateness and skew are the greatest of all nodes, whose clocks are known to ±",
                    MillisecondsText(*error), ".\n");
  }
  if (run.has_ended_early()) {
    absl::StrAppend(&notes, "The run was ended at ", RoundedText(Decoded(run.ended_early())),
                    ": of steps that were to end later, HEALED LATE counts from then.\n");
  }
  return absl::StrCat("\n", FormatTable(rows, 0), notes);
}

std::string ResultOf(const v1::StageVerdict& stage, const TerminalStyle& style) {
  const int wrong = WrongEdges(stage) + WrongConnections(stage);
  if (wrong == 0) return ResultText(stage, style);
  return Paint(absl::StrCat("NOT as planned: ", wrong), Ink::kBad, style) + WaitText(stage);
}

std::string Stages(const v1::Run& run, const TerminalStyle& style) {
  Rows rows = {{"STAGE", "FROM", "TO", "EDGES", "OBSERVED"}};
  for (const v1::StageVerdict& stage : run.stages()) {
    rows.push_back({stage.name(), LengthText(Decoded(stage.start())), LengthText(Decoded(stage.end())),
                    EdgesText(stage), ResultOf(stage, style)});
  }
  const std::string unseen = run.state() == v1::RUN_STATE_ENDED ? "never" : "not yet";
  for (int i = run.stages_size(); i < run.schedule_size(); ++i) {
    const v1::StageSchedule& stage = run.schedule(i);
    rows.push_back({stage.name(), LengthText(Decoded(stage.start())), LengthText(Decoded(stage.end())), "-", unseen});
  }
  return rows.size() == 1 ? "" : absl::StrCat("\n", FormatTable(rows, 0));
}

std::string Residue(const v1::NodeOutcome& outcome, const TerminalStyle& style) {
  const bool left = outcome.residue().finding() == v1::RESIDUE_FINDING_LEFT;
  return Paint(Tame(ResidueText(outcome)), left ? Ink::kBad : Ink::kPlain, style);
}

// Of each stage the connections to each port, those alike in a row; and in words the first that were not as planned.
std::string Connections(const v1::Run& run, const TerminalStyle& style) {
  constexpr std::size_t kMostNamed = 20;
  Rows rows = {{"CONNECTIONS", "PORT", "PLANNED", "TRIED", "OBSERVED", "ATTEMPTS"}};
  std::vector<std::string> wrong;
  for (const v1::StageVerdict& stage : run.stages()) {
    for (const TcpGroup& group : TcpGroupsOf(stage)) {
      rows.push_back({stage.name(), absl::StrCat(group.port), group.planned, absl::StrCat(group.connections),
                      Paint(group.Result(), group.wrong > 0 ? Ink::kBad : Ink::kPlain, style),
                      AttemptsText(group.attempts)});
    }
    for (const v1::TcpVerdict& edge : stage.tcp()) {
      if (!Agrees(edge)) wrong.push_back(absl::StrCat(stage.name(), ": ", DescribeConnection(edge)));
    }
  }
  if (rows.size() == 1) return "";
  std::string text = absl::StrCat("\n", FormatTable(rows, 0));
  for (std::size_t i = 0; i < wrong.size() && i < kMostNamed; ++i) absl::StrAppend(&text, Tame(wrong[i]), "\n");
  if (wrong.size() > kMostNamed) absl::StrAppend(&text, "and ", wrong.size() - kMostNamed, " more\n");
  return text;
}

std::vector<std::string> NodeRow(const v1::NodeRun& node, const TerminalStyle& style) {
  const v1::NodeOutcome& outcome = node.outcome();
  const Ink ink = outcome.end() == v1::NODE_END_COMPLETED || !node.has_outcome() ? Ink::kPlain : Ink::kBad;
  const absl::StatusOr<Duration> error = DecodeDuration(node.clock_error());
  return {node.node(),
          Paint(node.has_outcome() ? WordOf(outcome.end()) : absl::string_view("in progress"), ink, style),
          outcome.has_at() ? RoundedText(Decoded(outcome.at())) : "-",
          node.has_clock_error() && error.ok() ? absl::StrCat(Spell("±", style), MillisecondsText(*error)) : "-",
          Residue(outcome, style),
          Tame(outcome.detail())};
}

std::string Nodes(const v1::Run& run, const TerminalStyle& style) {
  if (run.nodes().empty()) return "";
  Rows rows = {{"NODE", "END", "AT", "CLOCK", "RESIDUE", "DETAIL"}};
  for (const v1::NodeRun& node : run.nodes()) rows.push_back(NodeRow(node, style));
  return absl::StrCat("\n", FormatTable(rows, 0));
}

std::string Clients(const v1::Run& run, const TerminalStyle& style) {
  const std::string text = RenderClients(run, style);
  return text.empty() ? "" : absl::StrCat("\n", text);
}

std::string Warnings(const v1::Run& run) {
  std::string text;
  for (const std::string& warning : run.warnings()) absl::StrAppend(&text, "warning: ", Tame(warning), "\n");
  return text.empty() ? "" : absl::StrCat("\n", text);
}

}  // namespace

std::string RenderRun(const v1::Run& run, const TerminalStyle& style) {
  std::string text = absl::StrCat(Header(run, style), Steps(run, style), Stages(run, style), Connections(run, style),
                                  Clients(run, style), Nodes(run, style), Warnings(run));
  for (const v1::StageVerdict& stage : run.stages()) {
    if (!stage.agrees()) absl::StrAppend(&text, "\n", RenderMatrix(stage, style));
  }
  return Spell(text, style);
}

}  // namespace faultline
