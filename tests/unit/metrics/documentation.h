#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/file.h"
#include "common/metrics/families.h"

namespace faultline {

inline std::string NameOf(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return "counter";
    case prometheus::MetricType::Gauge:
      return "gauge";
    case prometheus::MetricType::Histogram:
      return "histogram";
    case prometheus::MetricType::Summary:
      return "summary";
    case prometheus::MetricType::Untyped:
      return "untyped";
  }
  return "?";
}

// As docs/METRICS.md has it: | name | type | labels | what |
inline std::string RowOf(const prometheus::MetricFamily& family) {
  std::set<std::string> labels;
  for (const prometheus::ClientMetric& metric : family.metric) {
    for (const auto& label : metric.label) labels.insert(label.name);
  }
  return absl::StrCat("| ", family.name, " | ", NameOf(family.type), " | ", absl::StrJoin(labels, ", "),
                      labels.empty() ? "" : " ", "| ", family.help, " |");
}

// The rows that docs/METRICS.md should have for these families.
inline std::vector<std::string> RowsOf(const Families& families) {
  std::vector<std::string> rows;
  for (const prometheus::MetricFamily& family : families) {
    // Without a sample nothing would be known of its labels.
    EXPECT_FALSE(family.metric.empty()) << family.name;
    rows.push_back(RowOf(family));
  }
  return rows;
}

// Those that it has for metrics whose names begin so.
inline std::vector<std::string> DocumentedRows(const std::string& prefix) {
  const auto text = ReadFile(FAULTLINE_SOURCE_DIR "/docs/METRICS.md");
  EXPECT_TRUE(text.ok()) << text.status();
  std::vector<std::string> rows;
  for (const absl::string_view line : absl::StrSplit(text.value_or(""), '\n')) {
    if (absl::StartsWith(line, absl::StrCat("| ", prefix))) rows.emplace_back(line);
  }
  return rows;
}

}  // namespace faultline
