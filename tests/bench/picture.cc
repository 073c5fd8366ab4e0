#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/kernel/take_picture.h"
#include "common/status.h"
#include "tests/bench/cidr_program.h"
#include "tests/bench/measures.h"
#include "tests/measure/process.h"
#include "tests/measure/samples.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::RunProcess;
using measure::Samples;
using measure::Table;
using measure::ToStatus;

constexpr int kRulesAChain = 100;

// A firewall of so many rules.
std::string Firewall(int rules) {
  std::string text = "table inet fw {\n";
  for (int chain = 0; chain * kRulesAChain < rules; ++chain) {
    absl::StrAppend(&text, "chain c", chain, " {\n");
    for (int i = 0; i < kRulesAChain; ++i) {
      absl::StrAppend(&text, "ip saddr 10.0.", chain % 256, ".", i, " tcp dport 443 counter accept\n");
    }
    absl::StrAppend(&text, "}\n");
  }
  return text + "}\n";
}

absl::Status MeasureFirewall(int rules, int samples, Table& table) {
  const testing::Netns netns;
  AddDevice(netns);
  const testing::InNetns inside(netns);
  if (rules > 0) {
    const std::vector<std::string> load = {"nft", "-f", "-"};
    FAULTLINE_RETURN_IF_ERROR(ToStatus(RunProcess(load, {.input = Firewall(rules)}), load));
  }
  Samples took;
  const SystemClock clock;
  for (int i = 0; i < samples; ++i) {
    const MonotonicTime start = clock.Now();
    FAULTLINE_RETURN_IF_ERROR(TakePicture(std::chrono::seconds(10)).status());
    took.Add(clock.Now() - start);
  }
  std::vector<Cell> row{static_cast<std::int64_t>(rules)};
  for (Cell& cell : took.Cells()) row.push_back(std::move(cell));
  table.rows.push_back(std::move(row));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Table> MeasurePicture(bool quick) {
  Table table{.name = "picture",
              .compares = "looking at all there is in a kernel, before a run and after it, by rules of a firewall",
              .columns = {"rules"},
              .rows = {},
              .notes = {"no run is held meanwhile, so that no fire and no heal waits for it"}};
  table.columns.insert(table.columns.end(), Samples::Columns().begin(), Samples::Columns().end());
  for (const int rules : {0, 1'000, 10'000, 100'000}) {
    FAULTLINE_RETURN_IF_ERROR(MeasureFirewall(rules, quick ? 3 : 15, table));
  }
  return table;
}

}  // namespace faultline::bench
