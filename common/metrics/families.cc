#include "common/metrics/families.h"

#include <limits>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

double ToSeconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

FamilyList& FamilyList::Gauge(absl::string_view name, absl::string_view help) {
  return Begin(prometheus::MetricType::Gauge, name, help);
}

FamilyList& FamilyList::Counter(absl::string_view name, absl::string_view help) {
  return Begin(prometheus::MetricType::Counter, name, help);
}

FamilyList& FamilyList::Histogram(absl::string_view name, absl::string_view help) {
  return Begin(prometheus::MetricType::Histogram, name, help);
}

FamilyList& FamilyList::Summary(absl::string_view name, absl::string_view help) {
  return Begin(prometheus::MetricType::Summary, name, help);
}

FamilyList& FamilyList::Add(double value, MetricLabels labels) {
  const bool counts = families_.back().type == prometheus::MetricType::Counter;
  prometheus::ClientMetric& metric = Append(std::move(labels));
  (counts ? metric.counter.value : metric.gauge.value) = value;
  return *this;
}

FamilyList& FamilyList::Add(Duration value, MetricLabels labels) { return Add(ToSeconds(value), std::move(labels)); }

FamilyList& FamilyList::Add(const LatenessHistogram& value, MetricLabels labels) {
  prometheus::ClientMetric::Histogram& histogram = Append(std::move(labels)).histogram;
  for (std::size_t i = 0; i < value.counts().size(); ++i) {
    histogram.sample_count += value.counts()[i];
    const bool bounded = i < LatenessHistogram::kBounds.size();
    histogram.bucket.push_back(
        {.cumulative_count = histogram.sample_count,
         .upper_bound = bounded ? ToSeconds(LatenessHistogram::kBounds[i]) : std::numeric_limits<double>::infinity()});
  }
  histogram.sample_sum = ToSeconds(value.sum());
  return *this;
}

FamilyList& FamilyList::Add(std::uint64_t count, Duration sum, MetricLabels labels) {
  prometheus::ClientMetric::Summary& summary = Append(std::move(labels)).summary;
  summary.sample_count = count;
  summary.sample_sum = ToSeconds(sum);
  return *this;
}

FamilyList& FamilyList::Begin(prometheus::MetricType type, absl::string_view name, absl::string_view help) {
  families_.push_back({.name = absl::StrCat(prefix_, name), .help = std::string(help), .type = type, .metric = {}});
  return *this;
}

prometheus::ClientMetric& FamilyList::Append(MetricLabels labels) {
  prometheus::ClientMetric& metric = families_.back().metric.emplace_back();
  metric.label = std::move(labels);
  return metric;
}

void AddStepLateness(const StepLateness& lateness, FamilyList& list) {
  list.Histogram("step_lateness_seconds",
                 "How much later than planned the kernel had confirmed a step's begin or end, runs ended early apart.")
      .Add(lateness.fired, {{"transition", "fire"}})
      .Add(lateness.healed, {{"transition", "heal"}});
}

}  // namespace faultline
