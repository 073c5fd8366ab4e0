#include "controller/schedule/wall_time.h"

#include <google/protobuf/util/time_util.h>

#include "absl/time/time.h"

namespace faultline {

using google::protobuf::util::TimeUtil;

google::protobuf::Timestamp EncodeWall(WallTime time) {
  return TimeUtil::NanosecondsToTimestamp(time.time_since_epoch().count());
}

WallTime DecodeWall(const google::protobuf::Timestamp& time) {
  return WallTime(Duration(TimeUtil::TimestampToNanoseconds(time)));
}

bool IsWallTime(const google::protobuf::Timestamp& time) {
  constexpr std::int64_t kYear2200 = 7'258'118'400;
  return time.seconds() >= 0 && time.seconds() < kYear2200 && time.nanos() >= 0 && time.nanos() < 1'000'000'000;
}

std::string FormatWall(WallTime time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixNanos(time.time_since_epoch().count()),
                          absl::UTCTimeZone());
}

}  // namespace faultline
