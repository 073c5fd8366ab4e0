#include "controller/report/html_matrix.h"

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "controller/report/figure_text.h"
#include "controller/report/matrix_cells.h"
#include "controller/report/matrix_groups.h"
#include "controller/report/matrix_signs.h"
#include "controller/report/run_words.h"

namespace faultline {
namespace {

enum class Shown { kPlanned, kObserved };

absl::string_view ClassOf(CellReach reach) {
  switch (reach) {
    case CellReach::kNone:
      return "none";
    case CellReach::kOpen:
    case CellReach::kUnseen:
      return "open";
    case CellReach::kCut:
      return "cut";
    case CellReach::kImpaired:
      return "impaired";
    case CellReach::kUnknown:
      return "unknown";
    case CellReach::kLossy:
    case CellReach::kOnlyIpv4:
    case CellReach::kOnlyIpv6:
    case CellReach::kMixed:
      return "partly";
  }
  return "none";
}

// Both IP versions of a direction between two nodes; null where there is none.
struct Edges {
  const v1::EdgeVerdict* ipv4 = nullptr;
  const v1::EdgeVerdict* ipv6 = nullptr;
};
using EdgeMap = std::map<std::pair<std::string, std::string>, Edges>;

EdgeMap EdgesOf(const v1::StageVerdict& stage) {
  EdgeMap map;
  for (const v1::EdgeVerdict& edge : stage.edges()) {
    Edges& edges = map[{edge.from(), edge.to()}];
    (edge.family() == v1::FAMILY_IPV6 ? edges.ipv6 : edges.ipv4) = &edge;
  }
  return map;
}

std::string ShareOf(const v1::EdgeVerdict* edge) {
  return edge == nullptr ? "" : absl::StrCat(edge->received(), "/", edge->sent());
}

// "lon-1 → par-1: IPv4 12 of 12 arrived, 80ms later; IPv6 0 of 12 arrived".
std::string TooltipOf(const std::string& from, const std::string& to, const Edges& edges) {
  std::string text = absl::StrCat(from, " → ", to);
  for (const v1::EdgeVerdict* edge : {edges.ipv4, edges.ipv6}) {
    if (edge == nullptr) continue;
    absl::StrAppend(&text, text.find(':') == text.npos ? ": " : "; ", WordOf(edge->family()), " ", edge->received(),
                    " of ", edge->sent(), " arrived");
    const std::optional<Duration> delay = Decoded(edge->observed_delay());
    if (edge->has_observed_delay() && delay) absl::StrAppend(&text, ", ", ShortDelay(*delay), " later");
  }
  return text;
}

class Table {
 public:
  Table(const GroupedMatrix& grouped, const EdgeMap& edges, MarkupWriter& out)
      : matrix_(grouped.matrix), single_(grouped.members.empty()), edges_(edges), out_(out) {}

  void Write(Shown view) {
    out_.Open("table", {{"class", "matrix"}, {"data-view", view == Shown::kPlanned ? "planned" : "observed"}});
    out_.Leaf("caption", view == Shown::kPlanned ? "planned" : "observed");
    out_.Open("tr");
    out_.Leaf("td", {{"class", "corner"}}, "from \\ to");
    for (const std::string& name : matrix_.names()) out_.Leaf("th", {{"scope", "col"}, {"class", "col"}}, name);
    out_.Close();
    for (std::size_t from = 0; from < matrix_.size(); ++from) {
      out_.Open("tr");
      out_.Leaf("th", {{"scope", "row"}}, matrix_.names()[from]);
      for (std::size_t to = 0; to < matrix_.size(); ++to) WriteCell(view, from, to);
      out_.Close();
    }
    out_.Close();
  }

 private:
  void WriteCell(Shown view, std::size_t from, std::size_t to) {
    const MatrixCell& cell = matrix_.At(from, to);
    const bool planned = view == Shown::kPlanned;
    const CellReach reach = planned ? cell.planned : cell.observed;
    const bool wrong = !planned && !cell.agrees;
    const std::string sign = planned ? CellSign(reach, cell.planned_figures, cell.planned_share)
                                     : CellSign(reach, cell.observed_figures, cell.observed_share);
    const std::string css = absl::StrCat(ClassOf(reach), wrong ? " wrong" : "");
    const std::string text = absl::StrCat(sign, wrong ? "!" : "");
    const auto found = edges_.find({matrix_.names()[from], matrix_.names()[to]});
    if (planned || !single_ || found == edges_.end()) return out_.Leaf("td", {{"class", css}}, text);
    out_.Leaf("td",
              {{"class", css},
               {"title", TooltipOf(found->first.first, found->first.second, found->second)},
               {"data-from", found->first.first},
               {"data-to", found->first.second},
               {"data-ipv4", ShareOf(found->second.ipv4)},
               {"data-ipv6", ShareOf(found->second.ipv6)}},
              text);
  }

  const Matrix& matrix_;
  // Whether every row is a node of its own.
  const bool single_;
  const EdgeMap& edges_;
  MarkupWriter& out_;
};

void WriteLegend(const Matrix& matrix, MarkupWriter& out) {
  std::set<CellReach> used;
  bool wrong = false;
  for (std::size_t from = 0; from < matrix.size(); ++from) {
    for (std::size_t to = 0; to < matrix.size(); ++to) {
      const MatrixCell& cell = matrix.At(from, to);
      used.insert({cell.planned, cell.observed});
      wrong = wrong || !cell.agrees;
    }
  }
  out.Open("p", {{"class", "legend"}});
  for (const MatrixSign& sign : kMatrixSigns) {
    if (!used.contains(sign.reach) || sign.meaning.empty()) continue;
    out.Leaf("span", {{"class", std::string(ClassOf(sign.reach))}},
             sign.reach == CellReach::kImpaired ? "1ms 1%" : sign.text);
    out.Text(absl::StrCat(" ", sign.reach == CellReach::kImpaired ? "impaired: added delay, share lost" : sign.meaning,
                          "  "));
  }
  if (wrong) {
    out.Leaf("span", {{"class", "wrong"}}, "!");
    out.Text(" not as planned");
  }
  out.Close();
}

}  // namespace

void WriteMatrices(const v1::StageVerdict& stage, MarkupWriter& out) {
  Matrix whole = ReadMatrix(stage);
  if (whole.size() == 0) return;
  // No two nodes of a sample are probed alike.
  if (stage.unprobed_edges() > 0 && whole.size() > kMostNodesShown) {
    return out.Leaf("p", {{"class", "note"}},
                    absl::StrCat(EdgesText(stage), " edges were probed: too many for a table"));
  }
  const GroupedMatrix grouped = whole.size() > kMostNodesShown ? GroupAlike(whole) : GroupedMatrix{.matrix = whole};
  const EdgeMap edges = EdgesOf(stage);
  out.Open("div", {{"class", "pair"}});
  Table table(grouped, edges, out);
  table.Write(Shown::kPlanned);
  table.Write(Shown::kObserved);
  out.Close();
  for (const std::string& note : grouped.notes) out.Leaf("p", {{"class", "note"}}, note);
  WriteLegend(grouped.matrix, out);
}

}  // namespace faultline
