#include "controller/report/matrix_groups.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace faultline {
namespace {

// Indices of nodes, ascending; never empty.
using Members = std::vector<std::size_t>;

// Whether swapping the two changes nothing. Transitive, so that a group's first member speaks for all of it.
bool Alike(const Matrix& matrix, std::size_t node, std::size_t other) {
  for (std::size_t third = 0; third < matrix.size(); ++third) {
    if (third == node || third == other) continue;
    if (matrix.At(node, third) != matrix.At(other, third)) return false;
    if (matrix.At(third, node) != matrix.At(third, other)) return false;
  }
  return matrix.At(node, other) == matrix.At(other, node);
}

std::vector<Members> FindGroups(const Matrix& matrix) {
  std::vector<Members> groups;
  for (std::size_t node = 0; node < matrix.size(); ++node) {
    const auto found =
        std::ranges::find_if(groups, [&](const Members& group) { return Alike(matrix, node, group.front()); });
    if (found == groups.end()) {
      groups.push_back({node});
    } else {
      found->push_back(node);
    }
  }
  return groups;
}

bool Consecutive(const Members& group) { return group.back() - group.front() + 1 == group.size(); }

std::string GroupName(const Matrix& matrix, const Members& group) {
  const std::string& first = matrix.names()[group.front()];
  if (group.size() == 1) return first;
  if (!Consecutive(group)) return absl::StrCat(first, " and ", group.size() - 1, " more");
  return absl::StrCat(first, "..", matrix.names()[group.back()], " (", group.size(), ")");
}

std::string ListMembers(const Matrix& matrix, const Members& group) {
  std::vector<std::string> stretches;
  for (std::size_t i = 0; i < group.size();) {
    std::size_t last = i;
    while (last + 1 < group.size() && group[last + 1] == group[last] + 1) ++last;
    const std::string& from = matrix.names()[group[i]];
    stretches.push_back(last == i ? from : absl::StrCat(from, "..", matrix.names()[group[last]]));
    i = last + 1;
  }
  return absl::StrJoin(stretches, " ");
}

// The mean of what was measured from one group to another.
CellFigures MeanFigures(const Matrix& matrix, const Members& from, const Members& to, CellFigures figures) {
  Duration delay(0);
  std::int64_t timed = 0;
  double lost = 0;
  std::size_t edges = 0;
  for (const std::size_t sender : from) {
    for (const std::size_t receiver : to) {
      if (matrix.At(sender, receiver).planned == CellReach::kNone) continue;
      const CellFigures& measured = matrix.At(sender, receiver).observed_figures;
      lost += measured.lost;
      ++edges;
      if (!measured.delay) continue;
      delay += *measured.delay;
      ++timed;
    }
  }
  if (edges > 0) figures.lost = lost / static_cast<double>(edges);
  if (timed > 0) figures.delay = delay / timed;
  return figures;
}

// What is planned of a cell, or what is observed.
struct CellView {
  CellReach MatrixCell::*reach;
  CellFigures MatrixCell::*figures;
  CellShare MatrixCell::*share;
  // Whether the figures are measured, which never are quite the same.
  bool measured;
};
constexpr CellView kPlanned = {&MatrixCell::planned, &MatrixCell::planned_figures, &MatrixCell::planned_share, false};
constexpr CellView kObserved = {&MatrixCell::observed, &MatrixCell::observed_figures, &MatrixCell::observed_share,
                                true};

bool SameKind(const CellFigures& a, const CellFigures& b) {
  return a.version == b.version && a.delays == b.delays && a.loses == b.loses;
}

void JoinCells(const std::vector<const MatrixCell*>& cells, const CellView& view, MatrixCell& joined) {
  const MatrixCell& first = *cells.front();
  const bool alike = std::ranges::all_of(cells, [&](const MatrixCell* cell) {
    const CellFigures& figures = cell->*view.figures;
    return cell->*view.reach == first.*view.reach &&
           (view.measured ? SameKind(figures, first.*view.figures) : figures == first.*view.figures);
  });
  if (alike) {
    joined.*view.reach = first.*view.reach;
    joined.*view.figures = first.*view.figures;
    return;
  }
  const auto open = std::ranges::count_if(cells, [&](const MatrixCell* cell) {
    return cell->*view.reach == CellReach::kOpen || cell->*view.reach == CellReach::kUnseen;
  });
  joined.*view.reach = CellReach::kMixed;
  joined.*view.share = {.open = static_cast<std::size_t>(open), .edges = cells.size()};
}

MatrixCell JoinGroups(const Matrix& matrix, const Members& from, const Members& to) {
  std::vector<const MatrixCell*> cells;
  for (const std::size_t sender : from) {
    for (const std::size_t receiver : to) {
      const MatrixCell& cell = matrix.At(sender, receiver);
      if (cell.planned != CellReach::kNone) cells.push_back(&cell);
    }
  }
  MatrixCell joined;
  if (cells.empty()) return joined;
  JoinCells(cells, kPlanned, joined);
  JoinCells(cells, kObserved, joined);
  joined.agrees = std::ranges::all_of(cells, &MatrixCell::agrees);
  joined.observed_figures = MeanFigures(matrix, from, to, joined.observed_figures);
  return joined;
}

}  // namespace

GroupedMatrix GroupAlike(const Matrix& matrix) {
  GroupedMatrix grouped;
  grouped.members = FindGroups(matrix);
  const std::vector<Members>& groups = grouped.members;
  std::vector<std::string> names;
  for (const Members& group : groups) {
    names.push_back(GroupName(matrix, group));
    if (!Consecutive(group)) {
      grouped.notes.push_back(absl::StrCat(names.back(), ": ", ListMembers(matrix, group)));
    }
  }
  grouped.matrix = Matrix(std::move(names));
  for (std::size_t from = 0; from < groups.size(); ++from) {
    for (std::size_t to = 0; to < groups.size(); ++to) {
      const std::size_t other = from == to && groups[to].size() > 1 ? groups[to][1] : groups[to][0];
      MatrixCell& cell = grouped.matrix.At(from, to) = matrix.At(groups[from][0], other);
      cell.observed_figures = MeanFigures(matrix, groups[from], groups[to], cell.observed_figures);
    }
  }
  return grouped;
}

Matrix GroupByName(const Matrix& matrix, const std::map<std::string, std::string>& group_of) {
  std::map<std::string, Members> groups;
  for (std::size_t node = 0; node < matrix.size(); ++node) {
    const auto found = group_of.find(matrix.names()[node]);
    groups[found == group_of.end() ? "" : found->second].push_back(node);
  }
  std::vector<std::string> names;
  for (const auto& [name, members] : groups) names.push_back(absl::StrCat(name, " (", members.size(), ")"));
  Matrix grouped(std::move(names));
  std::size_t row = 0;
  for (const auto& [name, senders] : groups) {
    std::size_t column = 0;
    for (const auto& [other, receivers] : groups) grouped.At(row, column++) = JoinGroups(matrix, senders, receivers);
    ++row;
  }
  return grouped;
}

}  // namespace faultline
