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
  // "AMD EPYC 7R13 Processor"; empty where the kernel does not tell.
  std::string processor;
  // Threads that ran or wanted to, on average over the last minute (proc(5), loadavg): before anything was measured.
  double load = 0;
};
// This one, now.
Machine ThisMachine();

using Cell = std::variant<std::string, std::int64_t, double>;

// What one figure is held to. Whether it is kept is computed from this, never stated.
struct Goal {
  enum class Sense { kAtMost, kAtLeast };
  // "a step of 100 000 CIDRs, timer to kernel, p99".
  std::string figure;
  Sense sense = Sense::kAtMost;
  double bound = 0;
  double observed = 0;
  // Of both: "us", "%", "times nft -f".
  std::string unit;
};

// How one figure grows: points of a size (> 0) and the figure there (> 0), for sizes ten times apart.
struct Growth {
  std::string figure;
  struct Point {
    double size = 0;
    double value = 0;
  };
  std::vector<Point> points;
};

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
  // A sentence: what keeps the figures from being better. Empty: nobody has looked.
  std::string bounded_by = {};
  std::vector<Goal> goals = {};
  std::vector<Growth> growth = {};
};

// For people: heading, machine, aligned columns, goals, notes.
std::string ToText(const Table& table, const Machine& machine);

// For programs: one object with the machine and the tables, a row as an object by column. `quick`: of fewer samples
// than the figures need.
std::string ToJson(std::span<const Table> tables, const Machine& machine, bool quick);

}  // namespace faultline::measure
