#include "tests/fidelity/measures.h"

#include <algorithm>

namespace faultline::fidelity {
namespace {

constexpr std::size_t kHolds = 4;

}  // namespace

measure::Table MakeTable(const std::string& name, const std::string& how) {
  return {.name = name, .compares = how, .columns = {"what", "asked", "observed", "bound", "holds", "other ways"}};
}

void AddRow(measure::Table& table, const Row& row) {
  table.rows.push_back({row.what, row.asked, row.observed, row.bound, std::string(row.holds ? "yes" : "no"),
                        row.beside.empty() ? std::string("-") : row.beside});
}

bool Holds(const measure::Table& table) {
  return std::all_of(table.rows.begin(), table.rows.end(),
                     [](const std::vector<measure::Cell>& row) { return std::get<std::string>(row[kHolds]) == "yes"; });
}

}  // namespace faultline::fidelity
