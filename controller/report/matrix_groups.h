#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "controller/report/matrix_cells.h"

namespace faultline {

// A matrix in which nodes that behave alike share a row and a column.
struct GroupedMatrix {
  // Named after the members: "lon-1", "lon-1..lon-6 (6)", "lon-1 and 5 more". A group's cell with itself is what its
  // members are to each other. What was measured of a cell's edges is given in the mean.
  Matrix matrix;
  // Of each group, the indices in the whole matrix, ascending; never empty.
  std::vector<std::vector<std::size_t>> members;
  // The members of those groups whose names do not tell them: "lon-1 and 5 more: lon-1 lon-3..lon-7".
  std::vector<std::string> notes;
};

// Puts nodes together that have equal cells, in both directions, with every other node and with each other. Nothing but
// the measured figures is lost: the rest of the matrix can be had back. Pure.
GroupedMatrix GroupAlike(const Matrix& matrix);

// Puts nodes together that are in one group, given by name, and names it with the number of its nodes: "eu-west-2 (3)".
// Groups come in the order of their names. Where the edges from one to another are not alike the cell says how many of
// them are open. A node without a group is in "". Pure.
Matrix GroupByName(const Matrix& matrix, const std::map<std::string, std::string>& group_of);

}  // namespace faultline
