#pragma once

#include <gtest/gtest.h>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/clock.h"

namespace faultline {

// "2026-03-29T00:59:59Z".
inline WallTime Moment(absl::string_view text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << text << ": " << error;
  return WallTime(Duration(absl::ToUnixNanos(time)));
}

}  // namespace faultline
