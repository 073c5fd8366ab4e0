#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// What probes showed of how a step took, or lifted: of all directions where it showed together.
struct ObservedFigures {
  // The longest from the planned moment to the latest instant at which it can have happened; absent when it showed
  // nowhere.
  std::optional<Duration> within;
  // The longest time in which the instant is not known.
  std::optional<Duration> resolution;
  // Directions where it showed, that were probed for it, and that were to change.
  std::uint32_t seen = 0;
  std::uint32_t probed = 0;
  std::uint32_t changing = 0;
};

// What the nodes report of one step, taken together. Each part is absent while no node has reported it.
struct StepFigures {
  std::string name;
  // As planned, after T0.
  std::optional<Duration> at;
  std::optional<Duration> length;
  // Of all nodes of which it is known the greatest lateness, as LatenessOf says it.
  std::optional<Duration> fired_late;
  std::optional<Duration> healed_late;
  // Absent where no direction was to be cut or opened.
  std::optional<ObservedFigures> observed_fired;
  std::optional<ObservedFigures> observed_healed;
  // From the first node's start to the last's. Carries the clock errors of both.
  std::optional<Duration> skew;
  // What it does, in words; empty in records of older controllers.
  std::string effect;
  // What its rules matched, on all nodes together.
  std::optional<std::uint64_t> packets;
  // Of an impairment, packets as they are on the wire, on all nodes together: let through, lost as asked, and lost
  // because a queue was full.
  std::uint64_t passed = 0;
  std::uint64_t lost = 0;
  std::uint64_t overflowed = 0;

  // Whether it had rules somewhere, and none ever matched.
  bool MatchedNothing() const { return packets == 0u; }
  // Whether packets went through lanes of it.
  bool Impaired() const { return passed + lost + overflowed > 0; }
};

// By step, in the plan's order. Malformed parts of the record count as absent. Pure.
std::vector<StepFigures> FiguresOf(const v1::Run& run);

// Packets that the step's rules matched, on all nodes together; absent when no node has reported any count.
std::optional<std::uint64_t> PacketsOf(const v1::Run& run, std::uint32_t step);

// The greatest error bound of the run's nodes; absent when none is known.
std::optional<Duration> WorstClockError(const v1::Run& run);

}  // namespace faultline
