#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "faultline/v1/event.pb.h"

namespace faultline {

// Something that happened, as docs/EVENTS.md describes it. A value.
struct EventLine {
  v1::EventKind kind = v1::EVENT_KIND_UNSPECIFIED;
  // Among all that the controller learned of; absent when it is read from a run's record.
  std::optional<std::uint64_t> number;
  // After T0; absent when the run was never fired, or when it is not known.
  std::optional<Duration> at;
  // Absent when it is not known.
  std::optional<google::protobuf::Timestamp> time;
  // Of whom and what; empty: of nobody in particular.
  std::string run;
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

// "step_fired"; "other" for one that this version does not know.
std::string NameOf(v1::EventKind kind);

// An event of this kind is something that should not have been, whatever else it says.
bool IsTrouble(v1::EventKind kind);

// The line as a JSON object, with a newline at its end. The one place that writes the format.
std::string RenderLine(const EventLine& line);

}  // namespace faultline
