#include "controller/report/report_markdown.h"

#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/report/client_doubts.h"
#include "controller/report/client_words.h"
#include "controller/report/figure_text.h"
#include "controller/report/markup.h"
#include "controller/report/observed_text.h"
#include "controller/report/residue.h"
#include "controller/report/run_figures.h"
#include "controller/report/run_words.h"
#include "controller/report/summary.h"
#include "controller/report/tcp_verdict.h"
#include "controller/report/tcp_words.h"

namespace faultline {
namespace {

constexpr std::size_t kMostListed = 10;

using Row = std::vector<std::string>;

std::string TableRow(const Row& cells) {
  return absl::StrCat(
      "| ",
      absl::StrJoin(cells, " | ",
                    [](std::string* out, const std::string& cell) { absl::StrAppend(out, EscapeMarkdown(cell)); }),
      " |\n");
}

std::string Headings(const Row& cells) {
  return absl::StrCat("\n", TableRow(cells), "|", absl::StrJoin(Row(cells.size(), " --- "), "|"), "|\n");
}

std::string Stages(const v1::Run& run) {
  if (run.stages().empty()) return "";
  std::string text = Headings({"stage", "from", "to", "edges", "observed"});
  for (const v1::StageVerdict& stage : run.stages()) {
    text += TableRow({stage.name(), LengthText(Decoded(stage.start())), LengthText(Decoded(stage.end())),
                      EdgesText(stage), absl::StrCat(stage.agrees() ? "✅ " : "❌ ", StageText(stage))});
  }
  return text;
}

std::string Connections(const v1::Run& run) {
  std::string text;
  for (const v1::StageVerdict& stage : run.stages()) {
    for (const TcpGroup& group : TcpGroupsOf(stage)) {
      text += TableRow({stage.name(), absl::StrCat(group.port), group.planned, absl::StrCat(group.connections),
                        absl::StrCat(group.wrong > 0 ? "❌ " : "", group.Result()), AttemptsText(group.attempts)});
    }
  }
  if (text.empty()) return "";
  return Headings({"connections in", "port", "planned", "tried", "observed", "attempts"}) + text;
}

std::string Steps(const v1::Run& run) {
  const std::vector<StepFigures> steps = FiguresOf(run);
  if (steps.empty() || !run.has_started()) return "";
  std::string text =
      Headings({"step", "does", "at", "for", "took in", "healed in", "observed by probes", "start skew", "packets"});
  for (const StepFigures& step : steps) {
    text += TableRow({step.name, step.effect, LengthText(step.at), LengthText(step.length),
                      MillisecondsText(step.fired_late), MillisecondsText(step.healed_late), ObservedText(step),
                      MillisecondsText(step.skew), step.packets ? GroupedCount(*step.packets) : "-"});
  }
  return text;
}

// The first of the lines, and how many more there are.
std::string List(const std::string& heading, const Row& lines) {
  if (lines.empty()) return "";
  std::string text = absl::StrCat("\n", heading, "\n\n");
  for (std::size_t i = 0; i < lines.size() && i < kMostListed; ++i) {
    absl::StrAppend(&text, "- ", EscapeMarkdown(lines[i]), "\n");
  }
  if (lines.size() > kMostListed) absl::StrAppend(&text, "- and ", lines.size() - kMostListed, " more\n");
  return text;
}

Row WrongEdgesOf(const v1::Run& run) {
  Row lines;
  for (const v1::StageVerdict& stage : run.stages()) {
    for (const v1::EdgeVerdict& edge : stage.edges()) {
      if (!Agrees(edge)) lines.push_back(absl::StrCat(stage.name(), ": ", DescribeEdge(edge)));
    }
    for (const v1::TcpVerdict& edge : stage.tcp()) {
      if (!Agrees(edge)) lines.push_back(absl::StrCat(stage.name(), ": ", DescribeConnection(edge)));
    }
  }
  return lines;
}

Row UnmetOf(const v1::Run& run) {
  Row lines;
  for (const v1::ExpectationVerdict& verdict : run.expectations()) {
    if (verdict.judgement() == v1::JUDGEMENT_AS_PLANNED) continue;
    lines.push_back(absl::StrCat(verdict.stage(), ": ", verdict.text(), ": ", verdict.detail()));
  }
  return lines;
}

std::string TableText(const WordTable& table) {
  constexpr std::size_t kMostRows = 40;
  if (table.rows.empty()) return "";
  std::string text = Headings(table.headings);
  for (std::size_t i = 0; i < table.rows.size() && i < kMostRows; ++i) text += TableRow(table.rows[i]);
  if (table.rows.size() > kMostRows) absl::StrAppend(&text, "\nand ", table.rows.size() - kMostRows, " rows more\n");
  return text;
}

std::string Accountings(const v1::Clients& clients, bool all_told) {
  WordTable table = AccountingsOf(clients, all_told);
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const bool good = clients.accountings(static_cast<int>(i)).lost() == 0;
    table.rows[i][1].insert(0, !good ? "❌ " : all_told ? "✅ " : "⚠ ");
  }
  return TableText(table);
}

std::string Clients(const v1::Run& run) {
  const v1::Clients& clients = run.clients();
  const Row doubts = ClientDoubtsOf(run);
  const std::string width = WidthText(clients);
  return absl::StrCat(TableText(ClientStagesOf(clients)), TableText(ClientSidesOf(clients)),
                      width.empty() ? "" : absl::StrCat("\n", width, "\n"), Accountings(clients, doubts.empty()),
                      List("What clients told may not be all:", doubts), TableText(HappeningsOf(clients)));
}

Row FailedGuardsOf(const v1::Run& run) {
  Row lines;
  for (const v1::GuardCheck& check : run.guard_checks()) {
    if (check.passed()) continue;
    const std::string at = check.has_at() ? absl::StrCat(" at ", RoundedText(Decoded(check.at()))) : "";
    lines.push_back(absl::StrCat(check.name(), at, ": ", check.detail()));
  }
  return lines;
}

std::string RunWith(const v1::Run& run) {
  std::set<std::string> kernels;
  std::set<std::string> agents;
  for (const v1::NodeRun& node : run.nodes()) {
    if (!node.kernel_release().empty()) kernels.insert(node.kernel_release());
    if (!node.agent_version().empty()) agents.insert(node.agent_version());
  }
  Row parts = {absl::StrCat("plan ", run.plan_name()), absl::StrCat("seed ", run.seed()),
               absl::StrCat(run.nodes_size(), run.nodes_size() == 1 ? " node" : " nodes")};
  if (run.has_started()) parts.push_back(absl::StrCat("T0 ", Rfc3339(run.started())));
  if (!run.controller_version().empty()) parts.push_back(absl::StrCat("controller ", run.controller_version()));
  if (!agents.empty()) parts.push_back(absl::StrCat("agents ", absl::StrJoin(agents, " ")));
  if (!kernels.empty()) parts.push_back(absl::StrCat("kernels ", absl::StrJoin(kernels, " ")));
  return absl::StrCat("\n", EscapeMarkdown(absl::StrJoin(parts, ", ")), "\n");
}

}  // namespace

std::string RenderMarkdown(const v1::Run& run) {
  const bool good = run.state() == v1::RUN_STATE_ENDED && run.outcome() == v1::OUTCOME_VERIFIED;
  const bool over = run.state() == v1::RUN_STATE_ENDED;
  std::string text = absl::StrCat("### ",
                                  good   ? "✅"
                                  : over ? "❌"
                                         : "⏳",
                                  " ", EscapeMarkdown(run.id()), ": ", EscapeMarkdown(WordOf(run)), "\n");
  if (!run.summary().empty()) absl::StrAppend(&text, "\n", EscapeMarkdown(run.summary()), ".\n");
  return absl::StrCat(text, Stages(run), Connections(run), Steps(run), Clients(run),
                      List("Not as planned:", WrongEdgesOf(run)), List("Expectations that were not met:", UnmetOf(run)),
                      List("Guards that failed:", FailedGuardsOf(run)), List("Left behind:", ResidueLeft(run)),
                      List("Warnings:", {run.warnings().begin(), run.warnings().end()}), RunWith(run));
}

}  // namespace faultline
