#include "tests/measure/runs.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/measure/figures.h"

namespace faultline::measure {

void Runs::Add(Duration sample) {
  all_.Add(sample);
  runs_.back().Add(sample);
}

double Runs::Percentile(double percent) const { return Microseconds(all_.Percentile(percent)); }

const std::vector<std::string>& Runs::Columns() {
  static const auto* const columns =
      new std::vector<std::string>{"p50 us", "p50 of each run", "p99 us", "p99 of each run", "n"};
  return *columns;
}

std::vector<Cell> Runs::Cells() const {
  return {Percentile(50), Spread(50), Percentile(99), Spread(99),
          absl::StrCat(runs_.size(), " x ", runs_.front().size())};
}

std::string Runs::Spread(double percent) const {
  std::vector<double> values;
  for (const Samples& run : runs_) {
    if (!run.empty()) values.push_back(Microseconds(run.Percentile(percent)));
  }
  const auto [least, greatest] = std::ranges::minmax_element(values);
  return absl::StrFormat("%.4g to %.4g", *least, *greatest);
}

}  // namespace faultline::measure
