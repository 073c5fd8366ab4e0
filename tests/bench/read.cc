#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/status.h"
#include "controller/plan/plan_yaml.h"
#include "tests/bench/measures.h"
#include "tests/measure/runs.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::Runs;
using measure::Table;

constexpr int kReadRuns = 5;

// As `faultline plan check` reads a plan; files of address ranges that it names need not be there.
absl::Status Check(absl::string_view text, const std::string& name) {
  const ParsedPlan parsed = ParsePlan(text);
  if (parsed.errors.size() == parsed.missing_files.size()) return absl::OkStatus();
  return absl::InternalError(JoinErrors(parsed.errors, name));
}

absl::Status CheckLibrary() {
  for (const auto& entry : std::filesystem::directory_iterator(FAULTLINE_PLANS)) {
    if (!entry.is_regular_file()) continue;
    FAULTLINE_ASSIGN_OR_RETURN(const std::string text, ReadFile(entry.path()));
    FAULTLINE_RETURN_IF_ERROR(Check(text, entry.path()));
  }
  return absl::OkStatus();
}

// Prefixes of which no two merge.
std::string ManyPrefixesText() {
  std::string text = "name: many\ngroups:\n  service: {cidrs: [";
  for (int i = 0; i < 100'000; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", 11 + i / 32'768, ".", i / 128 % 256, ".", i % 128 * 2, ".0/24");
  }
  return text + "]}\nsteps: [{for: 1s, isolate: service}]\n";
}

absl::Status AddReadRow(const std::string& name, const std::function<absl::Status()>& read, int samples, Table& table) {
  Runs took;
  for (int i = 0; i < kReadRuns * samples; ++i) {
    if (i % samples == 0) took.Begin();
    const auto start = std::chrono::steady_clock::now();
    FAULTLINE_RETURN_IF_ERROR(read());
    took.Add(std::chrono::steady_clock::now() - start);
  }
  std::vector<Cell> row = {name};
  for (Cell& cell : took.Cells()) row.push_back(std::move(cell));
  table.rows.push_back(std::move(row));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Table> MeasureRead(bool quick) {
  Table table = {.name = "read",
                 .compares = "From a plan's text to a plan that is known to be good, by what is read",
                 .columns = {"text"},
                 .notes = {"one thread; the library from its files"}};
  table.bounded_by = "The YAML parser and, of many prefixes, an exact place for each, that an error can name.";
  table.columns.insert(table.columns.end(), Runs::Columns().begin(), Runs::Columns().end());
  const int samples = quick ? 1 : 3;
  const std::string many = ManyPrefixesText();
  FAULTLINE_RETURN_IF_ERROR(AddReadRow("every plan of the library", CheckLibrary, samples, table));
  FAULTLINE_RETURN_IF_ERROR(AddReadRow(
      "a group of 100000 prefixes", [&] { return Check(many, "many"); }, samples, table));
  return table;
}

}  // namespace faultline::bench
