// Any bytes as the row of a run in the controller's store: the controller starts with it, and every reader of records
// can show it.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "controller/report/compare_runs.h"
#include "controller/report/render_run.h"
#include "controller/report/report_csv.h"
#include "controller/report/report_html.h"
#include "controller/report/report_junit.h"
#include "controller/report/report_markdown.h"
#include "controller/report/run_events.h"
#include "controller/run/coordinator.h"
#include "controller/store/schedule_store.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fuzz/require.h"
#include "tests/unit/run/fake_audit.h"
#include "tests/unit/run/fake_events.h"
#include "tests/unit/run/fake_host.h"

namespace faultline {
namespace {

void Show(const v1::Run& run) {
  FAULTLINE_REQUIRE(!RenderRun(run, {}).empty());
  FAULTLINE_REQUIRE(!RenderHtml(run, {}).empty());
  FAULTLINE_REQUIRE(!RenderMarkdown(run).empty());
  FAULTLINE_REQUIRE(!RenderCsv(run).empty());
  FAULTLINE_REQUIRE(!RenderJunit(run).empty());
  EventsOf(run, {});
  CompareRuns(run, run);
}

void Recover(const v1::Run& run) {
  FakeClock clock;
  FakeEvents events;
  Fleet fleet({.token = 1}, events);
  ProbeLog probes;
  FakeHost host;
  const std::unique_ptr<Database> database = *Database::Open(":memory:");
  RunStore store(*database);
  ScheduleStore schedules(*database);
  FreezeBook freezes(schedules);
  const PolicyBook policy;
  PermitStore permits(*database);
  FakeAudit audit;
  FAULTLINE_REQUIRE(freezes.Load().ok());
  if (!store.Put(run).ok()) return;
  Coordinator coordinator({clock, fleet, store, probes, host, freezes, events, policy, permits, audit}, {});
  FAULTLINE_REQUIRE(coordinator.Recover().ok());
  for (int i = 0; i < 100; ++i) {
    clock.Advance(std::chrono::seconds(1));
    coordinator.Advance();
  }
}

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  faultline::v1::Run run;
  if (!run.ParseFromArray(data, static_cast<int>(size))) return 0;
  faultline::Show(run);
  faultline::Recover(run);
  return 0;
}
