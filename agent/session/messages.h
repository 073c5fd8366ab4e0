#pragma once

#include "agent/ec2/ec2_identity.h"
#include "agent/kernel/kernel.h"
#include "agent/session/session_rhythm.h"
#include "agent/timeline/engine.h"
#include "common/clock.h"
#include "faultline/v1/agent_session.pb.h"
#include "google/protobuf/duration.pb.h"

namespace faultline {

// The engine's and the kernel's values as wire messages. Pure. Names in a kernel may be any bytes, which a message's
// text may not: '?' stands for what is not printable UTF-8.
v1::SessionRequest EncodeStep(const RunId& run, const StepReport& report);
v1::SessionRequest EncodeRunEnd(const RunId& run, const RunReport& report);
v1::SessionRequest EncodeForeignChange(const RunId& run, std::optional<Duration> at, const std::string& text);
v1::SessionRequest EncodeCounters(const RunId& run, const std::vector<RuleCounters>& counters);
v1::SessionRequest EncodeUnknownRun(const RunId& run);
// `holds`: of the run's timeline.
v1::SessionRequest EncodeArmed(const RunId& run, Duration took, std::size_t holds);
v1::SessionRequest EncodeRefused(const RunId& run, absl::string_view reason);
// Where the node can be reached.
void AddAddresses(const std::vector<Interface>& interfaces, v1::NodeInfo& node);
// Without its tags: they are labels.
v1::Ec2Identity EncodeEc2(const Ec2Identity& identity);

// Whether it wants anything of this node. The controller names runs to those too who only observe them.
SessionRhythm::Word WordOf(const v1::SessionResponse& message);

// Who answers as a controller may say anything. Of what is to be logged, kept or told: one line of at most
// kLongestText bytes, whole UTF-8 characters where it was UTF-8.
inline constexpr std::size_t kLongestText = 1000;
std::string TameLine(absl::string_view text);
// A run's name; INVALID_ARGUMENT, tame, when it can be none.
absl::StatusOr<RunId> DecodeRunId(absl::string_view text);

// A clock's reading as its distance from the clock's origin, and back. Decoding refuses what is malformed.
google::protobuf::Duration EncodeTime(MonotonicTime time);
absl::StatusOr<MonotonicTime> DecodeTime(const google::protobuf::Duration& message);
absl::StatusOr<ControllerTime> DecodeControllerTime(const google::protobuf::Duration& message);

}  // namespace faultline
