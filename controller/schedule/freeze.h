#pragma once

#include <optional>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "common/clock.h"
#include "faultline/v1/schedule.pb.h"

namespace faultline {

// A freeze that is on.
struct Frozen {
  std::string name;
  // When it ends; the moment itself is free again.
  WallTime until;

  // "freeze 'christmas', until 2026-12-27T00:00:00Z".
  std::string ToString() const;
};

// INVALID_ARGUMENT says what is wrong: a freeze is either once, from before to, or by a cron expression with a zone and
// a length of a second to 31 days. Pure.
absl::Status CheckFreeze(const v1::Freeze& freeze);

// The freeze within which a moment is; of several the one that ends last. From its first moment to just before its end.
// Pure. REQUIRES: all pass CheckFreeze.
std::optional<Frozen> FrozenAt(std::span<const v1::Freeze> freezes, WallTime when);

}  // namespace faultline
