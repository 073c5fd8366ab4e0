#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace faultline::measure {

// Where the figures were taken.
struct Machine {
  std::string kernel;
  int cores = 0;
};
// This one.
Machine ThisMachine();

using Cell = std::variant<std::string, std::int64_t, double>;

// One figure: what was measured, beside what. A value.
struct Table {
  // Of the measure.
  std::string name;
  // A sentence: what is compared.
  std::string compares;
  std::vector<std::string> columns;
  // As long as `columns`, each.
  std::vector<std::vector<Cell>> rows;
  // What a reader must know to judge the numbers.
  std::vector<std::string> notes;
};

// For people: heading, machine, aligned columns, notes.
std::string ToText(const Table& table, const Machine& machine);

// For programs: one object with the machine and the tables, a row as an object by column. `quick`: of fewer samples
// than the figures need.
std::string ToJson(std::span<const Table> tables, const Machine& machine, bool quick);

}  // namespace faultline::measure
