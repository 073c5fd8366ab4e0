#include "controller/report/html_clients.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/report/client_doubts.h"
#include "controller/report/client_words.h"
#include "controller/report/run_words.h"
#include "controller/report/step_windows.h"
#include "controller/report/svg_clients.h"

namespace faultline {
namespace {

void OpenTable(const WordTable& table, MarkupWriter& out) {
  out.Open("table");
  out.Open("tr");
  for (const std::string& heading : table.headings) out.Leaf("th", {{"scope", "col"}}, heading);
  out.Close();
}

void WriteCells(const std::vector<std::string>& cells, std::size_t from, MarkupWriter& out) {
  for (std::size_t i = from; i < cells.size(); ++i) out.Leaf("td", cells[i]);
}

void WriteCharts(const v1::Run& run, MarkupWriter& out) {
  const v1::Clients& clients = run.clients();
  if (!clients.has_step()) return;
  const std::vector<StepWindow> windows = StepWindowsOf(run);
  const RunExtent extent = ExtentOf(run);
  const double most = MostPerSecond(clients);
  out.Leaf(
      "p", {{"class", "note"}},
      absl::StrCat("Operations of each side's clients per second, by their own clocks; each point is ",
                   LengthText(Decoded(clients.step())),
                   ". Solid: acknowledged; dashed: failed (refused, or not answered in time). Shaded: a step acts. "
                   "▼: something happened."));
  for (const v1::ClientSide& side : clients.sides()) {
    out.Open("figure");
    out.Leaf("figcaption", side.side());
    WriteClientChart(clients, side, most, windows, extent, out);
    out.Close();
  }
}

void WriteStages(const v1::Clients& clients, MarkupWriter& out) {
  const WordTable table = ClientStagesOf(clients);
  if (table.rows.empty()) return;
  OpenTable(table, out);
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const v1::ClientStage& stage = clients.stages(static_cast<int>(i));
    out.Open("tr", {{"data-client-stage", stage.stage()},
                    {"data-side", stage.side()},
                    {"data-acknowledged", absl::StrCat(stage.acknowledged())},
                    {"data-failed", absl::StrCat(stage.failed())}});
    out.Leaf("th", {{"scope", "row"}}, table.rows[i].front());
    WriteCells(table.rows[i], 1, out);
    out.Close();
  }
  out.Close();
  out.Leaf("p", {{"class", "note"}},
           "Longest without: the longest time of the stage in which nothing was acknowledged. First after: from the "
           "stage's beginning to the first acknowledgement in it. Times: of what was acknowledged.");
}

void WriteWidth(const v1::Clients& clients, MarkupWriter& out) {
  const std::string text = WidthText(clients);
  if (!text.empty()) out.Leaf("p", {{"class", "note"}}, text);
}

void WriteSides(const v1::Clients& clients, MarkupWriter& out) {
  const WordTable table = ClientSidesOf(clients);
  if (table.rows.empty()) return;
  OpenTable(table, out);
  for (const std::vector<std::string>& row : table.rows) {
    out.Open("tr");
    out.Leaf("th", {{"scope", "row"}}, row.front());
    WriteCells(row, 1, out);
    out.Close();
  }
  out.Close();
  if (!clients.has_healed()) return;
  out.Leaf("p", {{"class", "note"}},
           absl::StrCat("The last fault had ended on every node at ", RoundedText(Decoded(clients.healed())), "."));
}

void WriteAccountings(const v1::Clients& clients, bool all_told, MarkupWriter& out) {
  const WordTable table = AccountingsOf(clients, all_told);
  if (table.rows.empty()) return;
  OpenTable(table, out);
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const std::vector<std::string>& row = table.rows[i];
    const bool good = clients.accountings(static_cast<int>(i)).lost() == 0;
    out.Open("tr", {{"data-accounting", row[0]}, {"data-lost", good ? "false" : "true"}});
    out.Leaf("th", {{"scope", "row"}}, row[0]);
    out.Leaf("td", {{"class", good && all_told ? "good" : "bad"}},
             absl::StrCat(!good      ? "✗ "
                          : all_told ? "✓ "
                                     : "⚠ ",
                          row[1]));
    WriteCells(row, 2, out);
    out.Close();
  }
  out.Close();
  out.Leaf(
      "p", {{"class", "note"}},
      "Of the writes that clients were told were done, those read back afterwards and those not; extra: read back, "
      "though the client was told otherwise.");
}

void WriteHappenings(const v1::Clients& clients, MarkupWriter& out) {
  const WordTable table = HappeningsOf(clients);
  if (table.rows.empty()) return;
  OpenTable(table, out);
  for (const std::vector<std::string>& row : table.rows) {
    out.Open("tr", {{"data-happening", row[2]}});
    WriteCells(row, 0, out);
    out.Close();
  }
  out.Close();
}

}  // namespace

void WriteClients(const v1::Run& run, MarkupWriter& out) {
  const std::vector<std::string> doubts = ClientDoubtsOf(run);
  if (!run.has_clients() && doubts.empty()) return;
  out.Open("section", {{"id", "clients"}});
  out.Leaf("h2", "What clients saw");
  WriteCharts(run, out);
  WriteStages(run.clients(), out);
  WriteSides(run.clients(), out);
  WriteWidth(run.clients(), out);
  WriteAccountings(run.clients(), doubts.empty(), out);
  for (const std::string& doubt : doubts) out.Leaf("p", {{"class", "bad"}}, absl::StrCat("⚠ ", doubt));
  WriteHappenings(run.clients(), out);
  out.Close();
}

}  // namespace faultline
