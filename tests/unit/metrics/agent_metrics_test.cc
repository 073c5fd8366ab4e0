#include "agent/metrics/agent_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/metrics/agent_sample.h"
#include "tests/unit/metrics/documentation.h"
#include "tests/unit/metrics/shown.h"

namespace faultline {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> OfSample(const std::string& name) {
  return Shown(AgentMetrics(SampleAgent()), "faultline_agent_" + name);
}

TEST(AgentMetricsTest, AreAsDocumented) {
  const std::vector<std::string> rows = RowsOf(AgentMetrics(SampleAgent()));
  EXPECT_EQ(DocumentedRows("faultline_agent_"), rows) << absl::StrJoin(rows, "\n");
}

TEST(AgentMetricsTest, SessionAndClock) {
  EXPECT_THAT(OfSample("build_info"),
              ElementsAre("faultline_agent_build_info{version=\"0.1.0\",kernel=\"6.1.0-cloud\",node=\"lon-1\"} 1"));
  EXPECT_THAT(OfSample("session_up"), ElementsAre("faultline_agent_session_up 1"));
  EXPECT_THAT(OfSample("clock_error_bound_seconds"), ElementsAre("faultline_agent_clock_error_bound_seconds 0.00015"));
  const Families alone = AgentMetrics({});
  EXPECT_THAT(Shown(alone, "faultline_agent_session_up"), ElementsAre("faultline_agent_session_up 0"));
  EXPECT_THAT(Shown(alone, "faultline_agent_clock_error_bound_seconds"), IsEmpty());
}

TEST(AgentMetricsTest, RunsFaultsAndGates) {
  EXPECT_THAT(OfSample("runs"),
              ElementsAre("faultline_agent_runs{state=\"armed\"} 1", "faultline_agent_runs{state=\"fired\"} 1"));
  EXPECT_THAT(OfSample("active_faults"), ElementsAre("faultline_agent_active_faults 2"));
  EXPECT_THAT(OfSample("open_gates"), ElementsAre("faultline_agent_open_gates 1"));
  EXPECT_THAT(OfSample("fault_remaining_seconds"),
              ElementsAre("faultline_agent_fault_remaining_seconds{run=\"split-1\",step=\"cut\",index=\"0\"} 30",
                          "faultline_agent_fault_remaining_seconds{run=\"split-1\",step=\"far\",index=\"1\"} 10"));
  EXPECT_THAT(OfSample("gate_remaining_seconds"),
              ElementsAre("faultline_agent_gate_remaining_seconds{run=\"split-1\",step=\"cut\",index=\"0\"} 14"));
  EXPECT_THAT(OfSample("lease_remaining_seconds"),
              ElementsAre("faultline_agent_lease_remaining_seconds{run=\"split-1\"} 14",
                          "faultline_agent_lease_remaining_seconds{run=\"later-1\"} 15"));
  EXPECT_THAT(OfSample("lease_seconds"), ElementsAre("faultline_agent_lease_seconds{run=\"split-1\"} 15",
                                                     "faultline_agent_lease_seconds{run=\"later-1\"} 15"));
}

TEST(AgentMetricsTest, CountersOfFiredRuns) {
  EXPECT_THAT(OfSample("fault_packets_total"),
              ElementsAre("faultline_agent_fault_packets_total{run=\"split-1\",step=\"cut\",index=\"0\"} 7",
                          "faultline_agent_fault_packets_total{run=\"split-1\",step=\"far\",index=\"1\"} 5"));
  EXPECT_THAT(OfSample("fault_bytes_total"),
              Contains("faultline_agent_fault_bytes_total{run=\"split-1\",step=\"cut\",index=\"0\"} 700"));
  EXPECT_THAT(OfSample("fault_passed_packets_total"),
              Contains("faultline_agent_fault_passed_packets_total{run=\"split-1\",step=\"far\",index=\"1\"} 9"));
  EXPECT_THAT(OfSample("fault_lost_packets_total"),
              Contains("faultline_agent_fault_lost_packets_total{run=\"split-1\",step=\"far\",index=\"1\"} 2"));
  EXPECT_THAT(OfSample("fault_overflowed_packets_total"),
              Contains("faultline_agent_fault_overflowed_packets_total{run=\"split-1\",step=\"far\",index=\"1\"} 1"));
}

TEST(AgentMetricsTest, EndsAreShownBeforeTheyHappen) {
  EXPECT_THAT(OfSample("runs_ended_total"), ElementsAre("faultline_agent_runs_ended_total{end=\"completed\"} 0",
                                                        "faultline_agent_runs_ended_total{end=\"released\"} 0",
                                                        "faultline_agent_runs_ended_total{end=\"lease_lost\"} 2",
                                                        "faultline_agent_runs_ended_total{end=\"shutdown\"} 0",
                                                        "faultline_agent_runs_ended_total{end=\"local_heal\"} 0",
                                                        "faultline_agent_runs_ended_total{end=\"failed\"} 0"));
}

TEST(AgentMetricsTest, LatenessIsACumulativeHistogram) {
  const std::vector<std::string> lines = OfSample("step_lateness_seconds");
  const auto bucket = [](const char* bound, int count) {
    return "faultline_agent_step_lateness_seconds_bucket{transition=\"fire\",le=\"" + std::string(bound) + "\"} " +
           std::to_string(count);
  };
  EXPECT_THAT(lines, Contains("faultline_agent_step_lateness_seconds_count{transition=\"fire\"} 1"));
  EXPECT_THAT(lines, Contains("faultline_agent_step_lateness_seconds_count{transition=\"heal\"} 0"));
  EXPECT_THAT(lines, Contains(bucket("1", 1)));
  EXPECT_THAT(lines, Contains(bucket("+Inf", 1)));
  EXPECT_THAT(lines, Contains(::testing::HasSubstr("_bucket{transition=\"fire\",le=\"2.5")));
  const prometheus::MetricFamily family = [] {
    for (const prometheus::MetricFamily& candidate : AgentMetrics(SampleAgent())) {
      if (candidate.name == "faultline_agent_step_lateness_seconds") return candidate;
    }
    return prometheus::MetricFamily();
  }();
  ASSERT_EQ(family.metric.size(), 2u);
  const auto& buckets = family.metric[0].histogram.bucket;
  ASSERT_EQ(buckets.size(), LatenessHistogram::kBounds.size() + 1);
  // 40 us: beyond 25, within 50.
  EXPECT_EQ(buckets[1].cumulative_count, 0u);
  EXPECT_EQ(buckets[2].cumulative_count, 1u);
  EXPECT_EQ(buckets[3].cumulative_count, 1u);
  EXPECT_NEAR(family.metric[0].histogram.sample_sum, 40e-6, 1e-12);
}

TEST(AgentMetricsTest, ResidueAndProbes) {
  AgentSnapshot snapshot = SampleAgent();
  EXPECT_THAT(OfSample("residue"), ElementsAre("faultline_agent_residue 0"));
  EXPECT_THAT(OfSample("probing_healthy"), ElementsAre("faultline_agent_probing_healthy 1"));
  EXPECT_THAT(OfSample("probes_sent_total"), ElementsAre("faultline_agent_probes_sent_total 40"));
  EXPECT_THAT(OfSample("probes_received_total"), ElementsAre("faultline_agent_probes_received_total 39"));
  snapshot.engine.residue = true;
  snapshot.probes = {.send_errors = 1, .duplicates = 2, .foreign = 3, .dropped_windows = 4};
  snapshot.probes.health = absl::InternalError("stopped");
  const Families families = AgentMetrics(snapshot);
  EXPECT_THAT(Shown(families, "faultline_agent_residue"), ElementsAre("faultline_agent_residue 1"));
  EXPECT_THAT(Shown(families, "faultline_agent_probing_healthy"), ElementsAre("faultline_agent_probing_healthy 0"));
  EXPECT_THAT(Shown(families, "faultline_agent_probe_send_errors_total"),
              ElementsAre("faultline_agent_probe_send_errors_total 1"));
  EXPECT_THAT(Shown(families, "faultline_agent_probes_duplicate_total"),
              ElementsAre("faultline_agent_probes_duplicate_total 2"));
  EXPECT_THAT(Shown(families, "faultline_agent_probes_foreign_total"),
              ElementsAre("faultline_agent_probes_foreign_total 3"));
  EXPECT_THAT(Shown(families, "faultline_agent_probe_windows_dropped_total"),
              ElementsAre("faultline_agent_probe_windows_dropped_total 4"));
}

class CountingListener : public EngineListener {
 public:
  void OnStep(const RunId&, const StepReport&) override { ++steps; }
  void OnForeignChange(const RunId&, std::optional<Duration>, const std::string&) override { ++changes; }
  void OnRunEnd(const RunId&, const RunReport&) override { ++ends; }

  int steps = 0;
  int changes = 0;
  int ends = 0;
};

TEST(EngineTallyTest, CountsAndHandsOn) {
  CountingListener next;
  EngineTally tally(next);
  tally.OnStep(RunId("split-1"), {.fired = true, .planned = seconds(1), .actual = seconds(1) + microseconds(70)});
  tally.OnStep(RunId("split-1"), {.fired = false, .planned = seconds(9), .actual = seconds(4)});
  tally.OnForeignChange(RunId("split-1"), seconds(2), "the table is gone");
  tally.OnRunEnd(RunId("split-1"), {.end = RunEnd::kReleased});
  EXPECT_EQ(next.steps, 2);
  EXPECT_EQ(next.changes, 1);
  EXPECT_EQ(next.ends, 1);
  EXPECT_EQ(tally.counts().lateness.fired.sum(), microseconds(70));
  EXPECT_EQ(tally.counts().lateness.healed, LatenessHistogram());
  EXPECT_EQ(tally.counts().ends, (std::map<RunEnd, std::uint64_t>{{RunEnd::kReleased, 1}}));
}

}  // namespace
}  // namespace faultline
