#pragma once

#include <string>

#include "common/clock.h"
#include "google/protobuf/timestamp.pb.h"

namespace faultline {

google::protobuf::Timestamp EncodeWall(WallTime time);
// REQUIRES: it passes IsWallTime.
WallTime DecodeWall(const google::protobuf::Timestamp& time);
// Whether it is a moment of the years 1970 to 2199, which nanoseconds can count.
bool IsWallTime(const google::protobuf::Timestamp& time);
// "2026-12-01T02:00:00Z".
std::string FormatWall(WallTime time);

}  // namespace faultline
