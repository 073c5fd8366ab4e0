#include "controller/metrics/controller_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/metrics/controller_sample.h"
#include "tests/unit/metrics/documentation.h"
#include "tests/unit/metrics/shown.h"

namespace faultline {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> OfSample(const std::string& name) {
  return Shown(ControllerMetrics(SampleController()), "faultline_controller_" + name);
}

TEST(ControllerMetricsTest, AreAsDocumented) {
  const std::vector<std::string> rows = RowsOf(ControllerMetrics(SampleController()));
  EXPECT_EQ(DocumentedRows("faultline_controller_"), rows) << absl::StrJoin(rows, "\n");
}

TEST(ControllerMetricsTest, NodesAndSessions) {
  EXPECT_THAT(OfSample("build_info"),
              ElementsAre("faultline_controller_build_info{version=\"0.1.0\",kernel=\"6.1.0-cloud\"} 1"));
  EXPECT_THAT(OfSample("nodes"), ElementsAre("faultline_controller_nodes 2"));
  EXPECT_THAT(OfSample("sessions"), ElementsAre("faultline_controller_sessions 1"));
  EXPECT_THAT(OfSample("node_session_up"), ElementsAre("faultline_controller_node_session_up{node=\"lon-1\"} 1",
                                                       "faultline_controller_node_session_up{node=\"par-1\"} 0"));
  // What was known of a node that is gone says nothing now.
  EXPECT_THAT(OfSample("node_clock_error_bound_seconds"),
              ElementsAre("faultline_controller_node_clock_error_bound_seconds{node=\"lon-1\"} 0.00015"));
}

TEST(ControllerMetricsTest, RunsAndFaults) {
  EXPECT_THAT(OfSample("runs"), SizeIs(8));
  EXPECT_THAT(OfSample("runs"), Contains("faultline_controller_runs{phase=\"running\"} 1"));
  EXPECT_THAT(OfSample("runs"), Contains("faultline_controller_runs{phase=\"waiting\"} 0"));
  EXPECT_THAT(OfSample("active_faults"), ElementsAre("faultline_controller_active_faults 1"));
  EXPECT_THAT(OfSample("fault_remaining_seconds"),
              ElementsAre("faultline_controller_fault_remaining_seconds{run=\"split-1\",step=\"cut\",index=\"0\"} 30"));
  EXPECT_THAT(OfSample("run_remaining_seconds"),
              ElementsAre("faultline_controller_run_remaining_seconds{run=\"split-1\",plan=\"split\"} 33"));
  EXPECT_THAT(OfSample("run_nodes"), ElementsAre("faultline_controller_run_nodes{run=\"split-1\"} 2"));
  EXPECT_THAT(OfSample("run_nodes_gone"), ElementsAre("faultline_controller_run_nodes_gone{run=\"split-1\"} 1"));
}

TEST(ControllerMetricsTest, WithoutRunsTheSumsAreZero) {
  const Families families = ControllerMetrics({});
  EXPECT_THAT(Shown(families, "faultline_controller_active_faults"),
              ElementsAre("faultline_controller_active_faults 0"));
  EXPECT_THAT(Shown(families, "faultline_controller_sessions"), ElementsAre("faultline_controller_sessions 0"));
  EXPECT_THAT(Shown(families, "faultline_controller_fault_remaining_seconds"), IsEmpty());
}

TEST(ControllerMetricsTest, EndsAndLateness) {
  EXPECT_THAT(OfSample("runs_ended_total"), SizeIs(6));
  EXPECT_THAT(OfSample("runs_ended_total"), Contains("faultline_controller_runs_ended_total{outcome=\"verified\"} 4"));
  EXPECT_THAT(OfSample("runs_ended_total"), Contains("faultline_controller_runs_ended_total{outcome=\"refused\"} 0"));
  EXPECT_THAT(OfSample("step_lateness_seconds"),
              Contains("faultline_controller_step_lateness_seconds_count{transition=\"heal\"} 1"));
}

TEST(ControllerMetricsTest, ProbesByPairOfRegions) {
  const std::string labels = "{from_region=\"london\",to_region=\"paris\"}";
  EXPECT_THAT(OfSample("probes_sent_total"), ElementsAre("faultline_controller_probes_sent_total" + labels + " 10"));
  EXPECT_THAT(OfSample("probes_received_total"),
              ElementsAre("faultline_controller_probes_received_total" + labels + " 8"));
  EXPECT_THAT(OfSample("probe_delay_seconds"),
              ElementsAre("faultline_controller_probe_delay_seconds_count" + labels + " 8",
                          "faultline_controller_probe_delay_seconds_sum" + labels + " 0.016"));
}

}  // namespace
}  // namespace faultline
