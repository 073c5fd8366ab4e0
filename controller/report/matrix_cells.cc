#include "controller/report/matrix_cells.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
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

CellReach Observed(v1::Reach reach) {
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

CellReach Combine(CellReach ipv4, CellReach ipv6) {
  if (ipv4 == ipv6 || ipv6 == CellReach::kNone) return ipv4;
  if (ipv4 == CellReach::kNone) return ipv6;
  for (const CellReach worse : {CellReach::kUnknown, CellReach::kLossy}) {
    if (ipv4 == worse || ipv6 == worse) return worse;
  }
  return ipv4 == CellReach::kOpen ? CellReach::kOnlyIpv4 : CellReach::kOnlyIpv6;
}

std::vector<std::string> NamesOf(const v1::StageVerdict& stage) {
  std::vector<std::string> names;
  for (const v1::EdgeVerdict& edge : stage.edges()) {
    names.push_back(edge.from());
    names.push_back(edge.to());
  }
  std::ranges::sort(names, CountsBefore);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

}  // namespace

Matrix ReadMatrix(const v1::StageVerdict& stage) {
  Matrix matrix(NamesOf(stage));
  std::map<absl::string_view, std::size_t> index;
  for (std::size_t i = 0; i < matrix.size(); ++i) index[matrix.names()[i]] = i;

  struct PerFamily {
    MatrixCell ipv4;
    MatrixCell ipv6;
  };
  std::map<std::pair<std::size_t, std::size_t>, PerFamily> pairs;
  for (const v1::EdgeVerdict& edge : stage.edges()) {
    PerFamily& pair = pairs[{index[edge.from()], index[edge.to()]}];
    MatrixCell& cell = edge.family() == v1::FAMILY_IPV6 ? pair.ipv6 : pair.ipv4;
    cell.planned = edge.planned_reachable() ? CellReach::kOpen : CellReach::kCut;
    cell.observed = Observed(edge.observed());
    cell.agrees = Agrees(edge);
  }
  for (const auto& [place, pair] : pairs) {
    MatrixCell& cell = matrix.At(place.first, place.second);
    cell.planned = Combine(pair.ipv4.planned, pair.ipv6.planned);
    cell.observed = Combine(pair.ipv4.observed, pair.ipv6.observed);
    cell.agrees = pair.ipv4.agrees && pair.ipv6.agrees;
  }
  return matrix;
}

}  // namespace faultline
