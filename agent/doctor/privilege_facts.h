#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "common/examination.h"

namespace faultline {

// As whom this process runs, and what it may do. A value.
struct PrivilegeFacts {
  uid_t user = 0;
  // Bits by capabilities(7)'s numbers; absent when not known.
  std::optional<std::uint64_t> effective;
};

// The line "CapEff:" of /proc/PID/status; absent when there is none.
std::optional<std::uint64_t> ParseEffective(absl::string_view status);

PrivilegeFacts ReadPrivilegeFacts();

// "privileges". Pure.
Examination JudgePrivileges(const PrivilegeFacts& facts);

}  // namespace faultline
