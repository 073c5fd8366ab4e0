#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/file.h"
#include "common/status.h"
#include "tests/bench/controller_process.h"
#include "tests/bench/measures.h"
#include "tests/bench/observed_plan.h"
#include "tests/bench/simulated_fleet.h"
#include "tests/measure/figures.h"
#include "tests/support/netns.h"

namespace faultline::bench {
namespace {

using measure::Cell;
using measure::Interrupts;
using measure::Seconds;
using measure::Table;

constexpr Duration kObservationPatience = std::chrono::seconds(60);
// The first reports of all, and the controller's work for the nodes that have joined.
constexpr Duration kObservationSettle = std::chrono::seconds(3);

absl::Status AwaitMesh(const SimulatedFleet& fleet, const Clock& clock, Interrupts& interrupts) {
  const MonotonicTime deadline = clock.Now() + kObservationPatience;
  while (!fleet.Meshed()) {
    FAULTLINE_RETURN_IF_ERROR(fleet.status());
    if (clock.Now() > deadline) return absl::DeadlineExceededError("the agents did not all join");
    FAULTLINE_RETURN_IF_ERROR(interrupts.WaitFor(std::chrono::milliseconds(50)));
  }
  return absl::OkStatus();
}

// What the loopback of this namespace has carried, headers of IP and TCP counted in: nothing but the sessions.
absl::StatusOr<std::int64_t> LoopbackBytes() {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string text, ReadFile("/proc/thread-self/net/dev"));
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, absl::ByAnyChar(" :"), absl::SkipEmpty());
    std::int64_t bytes = 0;
    if (words.size() > 1 && words[0] == "lo" && absl::SimpleAtoi(words[1], &bytes)) return bytes;
  }
  return absl::InternalError("there is no loopback");
}

struct Reading {
  ProcessUsage usage;
  std::int64_t bytes = 0;
  std::int64_t probes = 0;
  MonotonicTime at;
};

absl::StatusOr<Reading> Read(const ControllerProcess& controller, const SimulatedFleet& fleet, const Clock& clock) {
  FAULTLINE_ASSIGN_OR_RETURN(const ProcessUsage usage, controller.Usage());
  FAULTLINE_ASSIGN_OR_RETURN(const std::int64_t bytes, LoopbackBytes());
  return Reading{.usage = usage, .bytes = bytes, .probes = fleet.sent(), .at = clock.Now()};
}

std::vector<Cell> ObservationRow(int agents, const std::string& when, const Reading& from, const Reading& to) {
  const double took = Seconds(to.at - from.at);
  return {std::int64_t{agents},
          when,
          Seconds(to.usage.processor - from.usage.processor) / took * 100,
          static_cast<double>(to.usage.resident_bytes) / 1e6,
          static_cast<std::int64_t>(static_cast<double>(to.bytes - from.bytes) / took / agents),
          static_cast<double>(to.probes - from.probes) / took / agents};
}

// A controller and so many agents, while nothing goes on and while a run does.
absl::Status MeasureObservation(int agents, Interrupts& interrupts, Table& table) {
  const SystemClock clock;
  FAULTLINE_ASSIGN_OR_RETURN(const auto controller, ControllerProcess::Start(interrupts));
  const SimulatedFleet fleet(ControllerProcess::kListen, agents, clock);
  FAULTLINE_RETURN_IF_ERROR(AwaitMesh(fleet, clock, interrupts));
  FAULTLINE_RETURN_IF_ERROR(interrupts.WaitFor(kObservationSettle));
  std::string run;
  for (const bool running : {false, true}) {
    FAULTLINE_ASSIGN_OR_RETURN(const Reading before, Read(*controller, fleet, clock));
    if (running) {
      FAULTLINE_ASSIGN_OR_RETURN(run, controller->Begin(kObservedPlan));
    }
    FAULTLINE_RETURN_IF_ERROR(interrupts.WaitFor(kObservedTime));
    FAULTLINE_ASSIGN_OR_RETURN(const Reading after, Read(*controller, fleet, clock));
    FAULTLINE_RETURN_IF_ERROR(fleet.status());
    table.rows.push_back(ObservationRow(agents, running ? "a run of two steps" : "no run", before, after));
  }
  FAULTLINE_ASSIGN_OR_RETURN(const v1::Run ended, controller->AwaitEnd(run));
  table.notes.push_back(absl::StrCat(agents, " agents, the run: ", ended.summary()));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Table> MeasureObservation(bool quick) {
  Interrupts interrupts;
  Table table{
      .name = "observation",
      .compares = "what a controller uses to observe its fleet, probes at their default rate",
      .columns = {"agents", "while", "CPU % of one core", "RSS MB", "bytes/s per agent", "probes/s per agent"},
      .rows = {},
      .notes = {absl::StrFormat("over %d s; real controller process, simulated dual-stack agents with real sessions",
                                kObservedTime / std::chrono::seconds(1)),
                "bytes: of the agent's connection, both ways, with IP and TCP headers",
                "probes: sent; where they are fewer than 20 this machine was too busy to simulate such a fleet",
                "the run: 13 s, blocks and judges every pair of nodes over both IP versions"}};
  const testing::Netns netns;
  const testing::InNetns inside(netns);
  for (const int agents : {6, 50, 200}) {
    if (quick && agents > 50) break;
    FAULTLINE_RETURN_IF_ERROR(MeasureObservation(agents, interrupts, table));
  }
  return table;
}

}  // namespace faultline::bench
