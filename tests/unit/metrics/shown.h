#pragma once

#include <prometheus/text_serializer.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "common/metrics/families.h"

namespace faultline {

// The samples of one metric as Prometheus would read them, histograms' and summaries' parts too.
inline std::vector<std::string> Shown(const Families& families, const std::string& name) {
  std::vector<std::string> lines;
  for (const prometheus::MetricFamily& family : families) {
    if (family.name != name) continue;
    const std::string text = prometheus::TextSerializer().Serialize({family});
    for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      if (!absl::StartsWith(line, "#")) lines.emplace_back(line);
    }
  }
  return lines;
}

}  // namespace faultline
