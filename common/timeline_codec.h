#pragma once

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/timeline.h"
#include "faultline/v1/timeline.pb.h"
#include "google/protobuf/duration.pb.h"

namespace faultline {

// Wire form of a timeline. Deterministic: equal timelines give equal messages.
v1::Timeline EncodeTimeline(const Timeline& timeline);

// Reads a timeline off the wire and checks all of it (CheckTimeline; packed prefixes whole, with host bits zero; no
// unspecified enum; lengths within range). INVALID_ARGUMENT names the part that is wrong. Any bytes may be given.
absl::StatusOr<Timeline> DecodeTimeline(const v1::Timeline& message);

// protobuf's Duration and ours. Decoding refuses what is malformed or beyond 100 years either way.
google::protobuf::Duration EncodeDuration(Duration duration);
absl::StatusOr<Duration> DecodeDuration(const google::protobuf::Duration& message);

}  // namespace faultline
