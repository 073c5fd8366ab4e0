#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Something that happened in a run, as docs/EVENTS.md describes it. A value.
struct RunEvent {
  absl::string_view kind;
  // After T0; absent when the run was never fired, or when it is not known.
  std::optional<Duration> at;
  // Absent when it is not known.
  std::optional<google::protobuf::Timestamp> time;
  // Of whom and what; empty: of nobody in particular.
  std::string node;
  std::string step;
  std::string stage;
  // What more there is, by name, each as JSON.
  std::vector<std::pair<absl::string_view, std::string>> fields;
  // The same for people, in a line.
  std::string text;
  // Something that should not have been.
  bool bad = false;
};

// Everything that a run's record has a moment of, in the order in which it happened; what has no known moment stands
// where it must have been. Works for a run in any state. Pure.
std::vector<RunEvent> EventsOf(const v1::Run& run);

// The same as JSON, one object a line.
std::string RenderEvents(const v1::Run& run);

}  // namespace faultline
