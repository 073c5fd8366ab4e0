#include "controller/report/matrix_signs.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/report/figure_text.h"

namespace faultline {

const MatrixSign& SignOf(CellReach reach) { return *std::ranges::find(kMatrixSigns, reach, &MatrixSign::reach); }

std::string CellSign(CellReach reach, const CellFigures& figures, const CellShare& share) {
  if (reach == CellReach::kMixed) return absl::StrCat(share.open, "/", share.edges);
  if (reach != CellReach::kImpaired) return std::string(SignOf(reach).text);
  std::vector<std::string> parts;
  if (figures.delays) parts.push_back(figures.delay ? ShortDelay(*figures.delay) : "?ms");
  if (figures.loses) parts.push_back(ShortShare(figures.lost));
  if (parts.empty()) parts.emplace_back(SignOf(reach).text);
  return absl::StrCat(figures.version == 0 ? "" : absl::StrCat(figures.version, ":"), absl::StrJoin(parts, " "));
}

}  // namespace faultline
