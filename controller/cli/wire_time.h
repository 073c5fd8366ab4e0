#pragma once

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace faultline {

inline google::protobuf::Timestamp EncodeMoment(absl::Time time) {
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  google::protobuf::Timestamp message;
  message.set_seconds(seconds);
  message.set_nanos(static_cast<std::int32_t>((time - absl::FromUnixSeconds(seconds)) / absl::Nanoseconds(1)));
  return message;
}

inline absl::Time DecodeMoment(const google::protobuf::Timestamp& message) {
  return absl::FromUnixSeconds(message.seconds()) + absl::Nanoseconds(message.nanos());
}

}  // namespace faultline
