#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "faultline/v1/run.pb.h"

namespace faultline {

// Words that every form of a report has in common.

// Where a run stands: "waiting", "arming", "running", "verified", "NOT verified", "refused", …
absl::string_view WordOf(const v1::Run& run);
// How it ended: "verified", "NOT verified", "refused", …
absl::string_view WordOf(v1::Outcome outcome);
// How it ended on a node: "completed", "lease lost", …
absl::string_view WordOf(v1::NodeEnd end);
// "IPv4", "IPv6".
absl::string_view WordOf(v1::Family family);
// "open", "cut", "lossy"; "unknown" when there were too few probes.
absl::string_view WordOf(v1::Reach reach);

// "2026-12-01 02:00:00 UTC".
std::string WallText(const google::protobuf::Timestamp& time);
// "2026-12-01T02:00:00.123456789Z".
std::string Rfc3339(const google::protobuf::Timestamp& time);
// The moment so long after T0; absent when the run was never fired.
std::optional<google::protobuf::Timestamp> WallAt(const v1::Run& run, Duration after_t0);

// An enum's value for machines, by its name without what all its values have in common: "OUTCOME_VERIFIED" and
// "OUTCOME_" are "verified".
std::string NameOf(absl::string_view value, absl::string_view common);

// As far as it is well-formed.
std::optional<Duration> Decoded(const google::protobuf::Duration& message);
Duration DecodedOrZero(const google::protobuf::Duration& message);
// A length of time in decimals of a unit that is a power of ten, exact: "10.00035", "-2.96", "0". For machines.
std::string ExactText(Duration duration, Duration unit);
// "1m3s"; "-" when absent.
std::string LengthText(const std::optional<Duration>& length);
// "0.35 ms"; "-" when absent.
std::string MillisecondsText(const std::optional<Duration>& duration);
// Seconds to the hundredth at most: "12.35s", "1m30s"; "-" when absent.
std::string RoundedText(const std::optional<Duration>& duration);

// How many edges a stage has: "60", or "240 of 6120" where not all are probed.
std::string EdgesText(const v1::StageVerdict& stage);
// Edges of the stage that were not observed as planned.
int WrongEdges(const v1::StageVerdict& stage);
// How a stage was observed: "as planned", "NOT as planned: 2 of 60 edges", "NOT as planned: 3 of 36 connections", "NOT
// as planned: no packet met its faults"; then its WaitText.
std::string StageText(const v1::StageVerdict& stage);

}  // namespace faultline
