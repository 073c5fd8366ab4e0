#include "controller/report/matrix_cells.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "common/timeline_codec.h"
#include "controller/report/summary.h"

namespace faultline {
namespace {

// Takes a run of digits, or else one character.
absl::string_view TakeToken(absl::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[length]))) ++length;
  const absl::string_view token = text.substr(0, std::max<std::size_t>(length, 1));
  text.remove_prefix(token.size());
  return token;
}

// Numbers compare as numbers, all else by character.
bool CountsBefore(const std::string& a, const std::string& b) {
  absl::string_view x = a;
  absl::string_view y = b;
  while (!x.empty() && !y.empty()) {
    const absl::string_view x_token = TakeToken(x);
    const absl::string_view y_token = TakeToken(y);
    if (x_token == y_token) continue;
    const bool numbers = absl::ascii_isdigit(static_cast<unsigned char>(x_token.front())) &&
                         absl::ascii_isdigit(static_cast<unsigned char>(y_token.front()));
    if (numbers && x_token.size() != y_token.size()) return x_token.size() < y_token.size();
    return x_token < y_token;
  }
  return x.empty() && !y.empty();
}

CellReach ReachOf(v1::Reach reach) {
  switch (reach) {
    case v1::REACH_OPEN:
      return CellReach::kOpen;
    case v1::REACH_CUT:
      return CellReach::kCut;
    case v1::REACH_LOSSY:
      return CellReach::kLossy;
    default:
      return CellReach::kUnknown;
  }
}

// One side of one IP version.
struct Half {
  CellReach reach = CellReach::kNone;
  CellFigures figures;
};

Half PlannedHalf(const v1::EdgeVerdict& edge) {
  Half half;
  if (!edge.has_planned_share()) {
    half.reach = !edge.planned_reachable() ? CellReach::kCut : edge.unseen() ? CellReach::kUnseen : CellReach::kOpen;
    return half;
  }
  half.reach = CellReach::kImpaired;
  half.figures.delay = DecodeDuration(edge.planned_delay()).value_or(Duration(0));
  half.figures.delays = *half.figures.delay > Duration(0);
  half.figures.lost = 1 - edge.planned_share();
  half.figures.loses = half.figures.lost > 0;
  return half;
}

Half ObservedHalf(const v1::EdgeVerdict& edge, const Half& planned) {
  Half half;
  half.reach = IsUnknown(edge) ? CellReach::kUnknown : ReachOf(edge.observed());
  const bool figures = half.reach == CellReach::kOpen || half.reach == CellReach::kLossy;
  if (!edge.has_planned_share() || !figures) return half;
  half.reach = CellReach::kImpaired;
  half.figures.delays = planned.figures.delays || edge.delay() == v1::JUDGEMENT_OFF;
  half.figures.loses = planned.figures.loses || edge.share() == v1::JUDGEMENT_OFF;
  const absl::StatusOr<Duration> delay = DecodeDuration(edge.observed_delay());
  if (edge.has_observed_delay() && delay.ok()) half.figures.delay = *delay;
  if (edge.sent() > 0) half.figures.lost = std::max(0.0, 1 - static_cast<double>(edge.received()) / edge.sent());
  return half;
}

CellReach CombineReach(CellReach ipv4, CellReach ipv6) {
  if (ipv4 == ipv6 || ipv6 == CellReach::kNone) return ipv4;
  if (ipv4 == CellReach::kNone) return ipv6;
  for (const CellReach worse : {CellReach::kUnknown, CellReach::kLossy, CellReach::kImpaired}) {
    if (ipv4 == worse || ipv6 == worse) return worse;
  }
  const auto arrives = [](CellReach reach) { return reach == CellReach::kOpen || reach == CellReach::kUnseen; };
  if (arrives(ipv4) && arrives(ipv6)) return CellReach::kUnseen;
  return arrives(ipv4) ? CellReach::kOnlyIpv4 : CellReach::kOnlyIpv6;
}

CellFigures CombineFigures(const Half& ipv4, const Half& ipv6) {
  const bool both = ipv4.reach == ipv6.reach && ipv4.figures.delays == ipv6.figures.delays &&
                    ipv4.figures.loses == ipv6.figures.loses;
  if (both) {
    CellFigures figures = ipv4.figures;
    if (figures.delay && ipv6.figures.delay) figures.delay = (*figures.delay + *ipv6.figures.delay) / 2;
    figures.lost = (figures.lost + ipv6.figures.lost) / 2;
    return figures;
  }
  const bool first = ipv4.reach == CellReach::kImpaired;
  CellFigures figures = first ? ipv4.figures : ipv6.figures;
  const CellReach other = first ? ipv6.reach : ipv4.reach;
  if (other != CellReach::kNone) figures.version = first ? 4 : 6;
  return figures;
}

void Combine(const Half& ipv4, const Half& ipv6, CellReach& reach, CellFigures& figures) {
  reach = CombineReach(ipv4.reach, ipv6.reach);
  if (reach == CellReach::kImpaired) figures = CombineFigures(ipv4, ipv6);
}

std::vector<std::string> NamesOf(const v1::StageVerdict& stage) {
  std::vector<std::string> names;
  for (const v1::EdgeVerdict& edge : stage.edges()) {
    names.push_back(edge.from());
    names.push_back(edge.to());
  }
  std::ranges::sort(names, CountsBefore);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace

Matrix ReadMatrix(const v1::StageVerdict& stage) {
  Matrix matrix(NamesOf(stage));
  std::map<absl::string_view, std::size_t> index;
  for (std::size_t i = 0; i < matrix.size(); ++i) index[matrix.names()[i]] = i;

  struct Pair {
    // IPv4, IPv6.
    Half planned[2];
    Half observed[2];
    bool agrees = true;
  };
  std::map<std::pair<std::size_t, std::size_t>, Pair> pairs;
  for (const v1::EdgeVerdict& edge : stage.edges()) {
    Pair& pair = pairs[{index[edge.from()], index[edge.to()]}];
    const int family = edge.family() == v1::FAMILY_IPV6 ? 1 : 0;
    pair.planned[family] = PlannedHalf(edge);
    pair.observed[family] = ObservedHalf(edge, pair.planned[family]);
    pair.agrees = pair.agrees && Agrees(edge);
  }
  for (const auto& [place, pair] : pairs) {
    MatrixCell& cell = matrix.At(place.first, place.second);
    Combine(pair.planned[0], pair.planned[1], cell.planned, cell.planned_figures);
    Combine(pair.observed[0], pair.observed[1], cell.observed, cell.observed_figures);
    cell.agrees = pair.agrees;
  }
  return matrix;
}

}  // namespace faultline
