#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "controller/policy/decide.h"

namespace faultline {

// The policy there is, from its file. Thread-safe.
class PolicyBook {
 public:
  // There is none: all whose role is high enough may run everything.
  PolicyBook() = default;
  explicit PolicyBook(std::string path) : path_(std::move(path)) {}

  // Reads the file, for the first time or again; nothing without a file. Errors as ReadFile's and ParsePolicy's, and
  // what was read before goes on.
  absl::Status Read();

  // As Decide.
  Decision Decide(const Principal& who, const PlanFacts& facts, WallTime now) const;

 private:
  const std::string path_;
  mutable std::mutex mutex_;
  std::optional<Policy> policy_;
};

}  // namespace faultline
