#include "tests/measure/table.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace faultline::measure {
namespace {

std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&quoted, "\\u%04x", c);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string Text(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* count = std::get_if<std::int64_t>(&cell)) return absl::StrCat(*count);
  return absl::StrFormat("%.1f", std::get<double>(cell));
}

// As JSON has numbers; null for one that it has not.
std::string Number(double value) { return std::isfinite(value) ? absl::StrFormat("%.6g", value) : "null"; }

std::string Json(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return Quoted(*text);
  if (const auto* number = std::get_if<double>(&cell)) return Number(*number);
  return Text(cell);
}

std::string JsonRow(const Table& table, const std::vector<Cell>& row) {
  std::vector<std::string> members;
  for (std::size_t i = 0; i < row.size(); ++i) {
    members.push_back(absl::StrCat(Quoted(table.columns[i]), ": ", Json(row[i])));
  }
  return absl::StrCat("{", absl::StrJoin(members, ", "), "}");
}

std::string JsonGoal(const Goal& goal) {
  return absl::StrCat("{\"figure\": ", Quoted(goal.figure),
                      ", \"sense\": ", goal.sense == Goal::Sense::kAtMost ? "\"at most\"" : "\"at least\"",
                      ", \"bound\": ", Number(goal.bound), ", \"observed\": ", Number(goal.observed),
                      ", \"unit\": ", Quoted(goal.unit), "}");
}

std::string JsonGrowth(const Growth& growth) {
  std::vector<std::string> points;
  for (const auto& [size, value] : growth.points) {
    points.push_back(absl::StrCat("[", Number(size), ", ", Number(value), "]"));
  }
  return absl::StrCat("{\"figure\": ", Quoted(growth.figure), ", \"points\": [", absl::StrJoin(points, ", "), "]}");
}

// The objects of a list, one a line.
template <typename Item>
std::string JsonList(const std::vector<Item>& items, std::string (*encode)(const Item&)) {
  std::vector<std::string> objects;
  for (const Item& item : items) objects.push_back(encode(item));
  return absl::StrCat("[", absl::StrJoin(objects, ",\n             "), "]");
}

std::string JsonTable(const Table& table) {
  std::vector<std::string> rows;
  for (const auto& row : table.rows) rows.push_back(JsonRow(table, row));
  std::vector<std::string> notes;
  for (const std::string& note : table.notes) notes.push_back(Quoted(note));
  return absl::StrCat("{\"name\": ", Quoted(table.name), ", \"compares\": ", Quoted(table.compares),
                      ",\n   \"rows\": [", absl::StrJoin(rows, ",\n            "), "],\n   \"notes\": [",
                      absl::StrJoin(notes, ", "), "],\n   \"bounded by\": ", Quoted(table.bounded_by),
                      ",\n   \"goals\": ", JsonList(table.goals, JsonGoal),
                      ",\n   \"growth\": ", JsonList(table.growth, JsonGrowth), "}");
}

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!absl::StartsWith(line, "model name")) continue;
    const std::pair<absl::string_view, absl::string_view> piece = absl::StrSplit(line, absl::MaxSplits(':', 1));
    return std::string(absl::StripAsciiWhitespace(piece.second));
  }
  return "";
}

// A column of words is aligned left, one of numbers right.
bool IsWords(const Table& table, std::size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(), [&](const std::vector<Cell>& row) {
    return std::holds_alternative<std::string>(row[column]) && std::get<std::string>(row[column]) != "-";
  });
}

std::string Aligned(const std::string& text, std::size_t width, bool words) {
  const std::string padding(width - text.size(), ' ');
  return words ? text + padding : padding + text;
}

}  // namespace

Machine ThisMachine() {
  utsname name{};
  uname(&name);
  Machine machine{.kernel = name.release,
                  .cores = static_cast<int>(std::thread::hardware_concurrency()),
                  .processor = ProcessorName()};
  if (double load = 0; getloadavg(&load, 1) == 1) machine.load = load;
  return machine;
}

std::string ToText(const Table& table, const Machine& machine) {
  std::vector<std::size_t> widths;
  for (const std::string& column : table.columns) widths.push_back(column.size());
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Text(row[i]).size());
  }
  const auto line = [&](const auto& cell_text) {
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      cells.push_back(Aligned(cell_text(i), widths[i], IsWords(table, i)));
    }
    return absl::StrCat("  ", absl::StrJoin(cells, "  "), "\n");
  };
  std::string text = absl::StrCat(table.name, ": ", table.compares, "\n  Linux ", machine.kernel, ", ", machine.cores,
                                  machine.cores == 1 ? " core" : " cores", "\n\n");
  text += line([&](std::size_t i) { return table.columns[i]; });
  for (const auto& row : table.rows) {
    text += line([&](std::size_t i) { return Text(row[i]); });
  }
  for (const Goal& goal : table.goals) {
    absl::StrAppendFormat(&text, "  goal: %s: %.4g %s, %s %.4g\n", goal.figure, goal.observed, goal.unit,
                          goal.sense == Goal::Sense::kAtMost ? "at most" : "at least", goal.bound);
  }
  for (const std::string& note : table.notes) absl::StrAppend(&text, "  * ", note, "\n");
  return text;
}

std::string ToJson(std::span<const Table> tables, const Machine& machine, bool quick) {
  std::vector<std::string> objects;
  for (const Table& table : tables) objects.push_back(JsonTable(table));
  return absl::StrCat("{\"kernel\": ", Quoted(machine.kernel), ", \"cores\": ", machine.cores,
                      ", \"processor\": ", Quoted(machine.processor), ", \"load\": ", Number(machine.load),
                      ", \"quick\": ", quick ? "true" : "false", ",\n \"measures\": [\n  ",
                      absl::StrJoin(objects, ",\n  "), "]}\n");
}

}  // namespace faultline::measure
