#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "controller/report/step_counters.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Where a step of a run stands.
struct StepProgress {
  enum class State { kToCome, kActing, kOver };

  std::string name;
  // What it does, in words.
  std::string effect;
  // By the nodes' reports where there are any, else by the schedule.
  State state = State::kToCome;
  // Until it begins, or ends. Absent when that is not known, or is now or past.
  std::optional<Duration> left;
  // Nodes that have reported its beginning, and its end.
  std::size_t fired = 0;
  std::size_t healed = 0;
  // What its rules counted so far.
  std::optional<v1::StepCounters> counters;
};

// Where a run stands.
struct RunProgress {
  // The stage of now, and its place among all, from 1; 0 before the first, after the last and when it is not known.
  std::string stage;
  std::size_t number = 0;
  // For how much longer than planned the stage lasts so far, for it is waited for until it is observed as planned. What
  // lies behind it is then not known: `left` of its steps, stage_left and run_left.
  std::optional<Duration> held;
  // Until the stage ends, the run ends, or T0. Absent when that is not known or past.
  std::optional<Duration> stage_left;
  std::optional<Duration> run_left;
  std::optional<Duration> until_start;
  // In the plan's order.
  std::vector<StepProgress> steps;
};

// `elapsed`: since T0; absent when there is none yet. Pure.
RunProgress ProgressOf(const v1::Run& run, std::optional<Duration> elapsed);

}  // namespace faultline
