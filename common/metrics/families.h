#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/step_lateness.h"

namespace faultline {

// What a daemon shows at one moment, in a fixed order.
using Families = std::vector<prometheus::MetricFamily>;
using MetricLabels = std::vector<prometheus::ClientMetric::Label>;

// Makes Families: begins a metric, adds its samples, begins the next. A metric without samples is among them all the
// same, so that what a daemon can show does not depend on what it does. Not thread-safe.
class FamilyList {
 public:
  // `prefix`: of every metric's name, "faultline_agent_".
  explicit FamilyList(std::string prefix) : prefix_(std::move(prefix)) {}

  // Each begins a metric; `name` without the prefix, `help` one sentence.
  FamilyList& Gauge(absl::string_view name, absl::string_view help);
  FamilyList& Counter(absl::string_view name, absl::string_view help);
  FamilyList& Histogram(absl::string_view name, absl::string_view help);
  FamilyList& Summary(absl::string_view name, absl::string_view help);

  // A sample of a gauge or counter. REQUIRES: one has been begun; no two samples of a metric have the same labels.
  FamilyList& Add(double value, MetricLabels labels = {});
  // Of a gauge: seconds.
  FamilyList& Add(Duration value, MetricLabels labels = {});
  // Of a histogram: seconds.
  FamilyList& Add(const LatenessHistogram& value, MetricLabels labels = {});
  // Of a summary: seconds; without quantiles.
  FamilyList& Add(std::uint64_t count, Duration sum, MetricLabels labels = {});

  Families Take() { return std::move(families_); }

 private:
  FamilyList& Begin(prometheus::MetricType type, absl::string_view name, absl::string_view help);
  prometheus::ClientMetric& Append(MetricLabels labels);

  const std::string prefix_;
  Families families_;
};

// The two histograms of a StepLateness, by the label "transition": "fire", "heal".
void AddStepLateness(const StepLateness& lateness, FamilyList& list);

}  // namespace faultline
