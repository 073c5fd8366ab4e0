#include "controller/report/report_html.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "controller/report/html_clients.h"
#include "controller/report/html_matrix.h"
#include "controller/report/html_style.h"
#include "controller/report/html_tables.h"
#include "controller/report/markup_writer.h"
#include "controller/report/run_figures.h"
#include "controller/report/run_words.h"
#include "controller/report/summary.h"
#include "controller/report/svg_chart.h"
#include "controller/report/svg_timeline.h"
#include "controller/report/tcp_verdict.h"
#include "controller/report/tcp_words.h"

namespace faultline {
namespace {

constexpr int kMostWrongEdges = 20;

bool IsGood(const v1::Run& run) { return run.state() == v1::RUN_STATE_ENDED && run.outcome() == v1::OUTCOME_VERIFIED; }
bool IsOver(const v1::Run& run) { return run.state() == v1::RUN_STATE_ENDED; }

void WriteHead(const v1::Run& run, MarkupWriter& out) {
  out.Open("head");
  out.Empty("meta", {{"charset", "utf-8"}});
  out.Empty("meta", {{"name", "viewport"}, {"content", "width=device-width"}});
  out.Empty("meta", {{"name", "generator"}, {"content", absl::StrCat("faultline ", FAULTLINE_VERSION)}});
  // Nothing may be loaded or run, whatever this page might ever say.
  out.Empty("meta", {{"http-equiv", "Content-Security-Policy"},
                     {"content", "default-src 'none'; style-src 'unsafe-inline'; img-src data:"}});
  // Else browsers ask the page's host for one.
  out.Empty("link", {{"rel", "icon"}, {"href", "data:,"}});
  out.Leaf("title", absl::StrCat(run.id(), ": ", WordOf(run)));
  out.Open("style");
  out.Constant(kHtmlStyle);
  out.Close();
  out.Close();
}

std::string VerdictText(const v1::Run& run) {
  std::string word(WordOf(run));
  word[0] = absl::ascii_toupper(static_cast<unsigned char>(word[0]));
  const absl::string_view sign = IsGood(run) ? "✓ " : IsOver(run) ? "✗ " : "… ";
  return absl::StrCat(sign, word, run.summary().empty() ? "" : ": ", run.summary(), ".");
}

void WriteFact(absl::string_view name, absl::string_view value, MarkupWriter& out) {
  if (value.empty()) return;
  out.Leaf("dt", name);
  out.Leaf("dd", value);
}

void WriteFacts(const v1::Run& run, MarkupWriter& out) {
  out.Open("dl");
  WriteFact("plan",
            absl::StrCat(run.plan_name(), run.file_name().empty() ? "" : absl::StrCat(" (", run.file_name(), ")")),
            out);
  WriteFact("seed", run.seed() == 0 ? "" : absl::StrCat(run.seed()), out);
  WriteFact("schedule", run.schedule_name(), out);
  WriteFact("accepted", run.has_created() ? WallText(run.created()) : "", out);
  WriteFact("T0", run.has_started() ? Rfc3339(run.started()) : "never fired", out);
  WriteFact("ended", run.has_ended() ? WallText(run.ended()) : "", out);
  WriteFact("length", run.has_length() ? LengthText(Decoded(run.length())) : "", out);
  WriteFact("nodes", absl::StrCat(run.nodes_size()), out);
  const std::optional<Duration> error = WorstClockError(run);
  WriteFact("clock error", error ? absl::StrCat("±", MillisecondsText(error), " at most") : "", out);
  WriteFact("lease", run.has_lease() ? LengthText(Decoded(run.lease())) : "", out);
  WriteFact("controller gone",
            run.on_controller_loss() == v1::CONTROLLER_LOSS_CONTINUE ? "the run goes on" : "nodes heal", out);
  WriteFact("controller version", run.controller_version(), out);
  out.Close();
}

// "lon-1 → par-1 (IPv4) was planned cut but 12 of 12 probes arrived", for the first.
void WriteWrongEdges(const v1::StageVerdict& stage, MarkupWriter& out) {
  const int wrong = WrongEdges(stage) + WrongConnections(stage);
  if (wrong == 0) return;
  out.Open("ul");
  int shown = 0;
  for (const v1::EdgeVerdict& edge : stage.edges()) {
    if (Agrees(edge) || shown == kMostWrongEdges) continue;
    out.Leaf("li", DescribeEdge(edge));
    ++shown;
  }
  for (const v1::TcpVerdict& edge : stage.tcp()) {
    if (Agrees(edge) || shown == kMostWrongEdges) continue;
    out.Leaf("li", DescribeConnection(edge));
    ++shown;
  }
  if (wrong > shown) out.Leaf("li", absl::StrCat("and ", wrong - shown, " more"));
  out.Close();
}

void WriteStage(const v1::Run& run, int index, MarkupWriter& out) {
  const v1::StageVerdict& stage = run.stages(index);
  out.Open("div", {{"class", "stage"},
                   {"data-stage", stage.name()},
                   {"data-agrees", stage.agrees() ? "true" : "false"},
                   {"data-edges", absl::StrCat(stage.edges_size())},
                   {"data-wrong", absl::StrCat(WrongEdges(stage))},
                   {"data-connections", absl::StrCat(stage.tcp_size())},
                   {"data-wrong-connections", absl::StrCat(WrongConnections(stage))}});
  out.Open("h3");
  out.Text(absl::StrCat(stage.name(), ", ", LengthText(Decoded(stage.start())), " to ",
                        LengthText(Decoded(stage.end())), ": "));
  out.Leaf("span", {{"class", stage.agrees() ? "good" : "bad"}},
           absl::StrCat(stage.agrees() ? "✓ " : "✗ ", StageText(stage)));
  out.Close();
  std::string place;
  if (index > 0) place = absl::StrCat("after ", run.stages(index - 1).name());
  if (index + 1 < run.stages_size()) {
    absl::StrAppend(&place, place.empty() ? "" : ", ", "before ", run.stages(index + 1).name());
  }
  if (!place.empty()) out.Leaf("p", {{"class", "note"}}, place);
  WriteWrongEdges(stage, out);
  WriteMatrices(stage, out);
  WriteConnections(stage, out);
  out.Close();
}

void WriteStages(const v1::Run& run, MarkupWriter& out) {
  if (run.stages().empty() && run.schedule().empty()) return;
  out.Open("section", {{"id", "stages"}});
  out.Leaf("h2", "Who reached whom, before, during and after each step");
  for (int i = 0; i < run.stages_size(); ++i) WriteStage(run, i, out);
  for (int i = run.stages_size(); i < run.schedule_size(); ++i) {
    out.Leaf("p", {{"class", "note"}},
             absl::StrCat(run.schedule(i).name(), IsOver(run) ? ": never observed" : ": not yet observed"));
  }
  out.Close();
}

void WriteTime(const v1::Run& run, MarkupWriter& out) {
  if (run.step_names().empty()) return;
  out.Open("section", {{"id", "timeline"}});
  out.Leaf("h2", "Timeline");
  WriteTimeline(run, out);
  WriteSteps(run, out);
  out.Close();
}

void WriteCurves(const v1::Run& run, MarkupWriter& out) {
  const std::vector<LinkCurves> all = CurvesOf(run);
  if (all.empty()) return;
  const std::vector<StepWindow> windows = StepWindowsOf(run);
  const RunExtent extent = ExtentOf(run);
  out.Open("section", {{"id", "curves"}});
  out.Leaf("h2", "Loss and delay, one way");
  out.Leaf("p", {{"class", "note"}},
           absl::StrCat("Probes of one direction, each point ", LengthText(Decoded(all.front().any().step())),
                        " of them. Solid: IPv4; dashed: IPv6. Shaded: a step acts. Delays carry both clocks' errors."));
  out.Open("div", {{"class", "charts"}});
  for (const LinkCurves& curves : all) {
    out.Open("figure");
    out.Leaf("figcaption", absl::StrCat(curves.any().from(), " → ", curves.any().to()));
    WriteChart(curves, windows, extent, out);
    out.Close();
  }
  out.Close();
  out.Close();
}

}  // namespace

std::string RenderHtml(const v1::Run& run, const LoggedEvents& log) {
  MarkupWriter out;
  out.Constant("<!DOCTYPE html>\n");
  out.Open("html", {{"lang", "en"}});
  WriteHead(run, out);
  out.Open("body", {{"data-run", run.id()},
                    {"data-state", v1::RunState_Name(run.state())},
                    {"data-outcome", v1::Outcome_Name(run.outcome())}});
  out.Leaf("h1", absl::StrCat("Run ", run.id()));
  out.Leaf("p", {{"class", IsGood(run) ? "verdict good" : IsOver(run) ? "verdict bad" : "verdict"}}, VerdictText(run));
  for (const std::string& warning : run.warnings()) out.Leaf("p", {{"class", "bad"}}, absl::StrCat("⚠ ", warning));
  WriteFacts(run, out);
  WriteTime(run, out);
  WriteStages(run, out);
  WriteCurves(run, out);
  WriteClients(run, out);
  WriteCaptures(run, out);
  WriteExpectations(run, out);
  WriteGuards(run, out);
  WriteNodes(run, out);
  WriteReproduction(run, out);
  WriteEvents(run, log, out);
  out.Close();
  out.Close();
  return out.Take();
}

}  // namespace faultline
