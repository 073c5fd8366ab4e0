#pragma once

#include "absl/status/statusor.h"
#include "common/timeline.h"
#include "faultline/v1/timeline.pb.h"

namespace faultline {

// Wire forms of what a step does and to which packets. Encoding is deterministic; decoding reads any bytes, refuses
// unknown enums and numbers that do not fit, and leaves the rules of use to CheckTimeline.

v1::Impairment EncodeImpairment(const Impairment& impairment);
absl::StatusOr<Impairment> DecodeImpairment(const v1::Impairment& message);

v1::PacketFilter EncodeFilter(const PacketFilter& filter);
absl::StatusOr<PacketFilter> DecodeFilter(const v1::PacketFilter& message);

void EncodeEffect(const Step& step, v1::Step& message);
absl::Status DecodeEffect(const v1::Step& message, Step& step);

}  // namespace faultline
