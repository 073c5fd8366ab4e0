#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "controller/clients/operation_log.h"
#include "faultline/v1/clients.pb.h"

namespace faultline {

// What became of a command's output.
struct OperationOutput {
  OperationLog log;
  v1::OperationLines lines;
  // There was more than kMostOperationBytes.
  bool truncated = false;
};

inline constexpr std::size_t kMostOperationBytes = 64 * 1024 * 1024;
inline constexpr std::size_t kLongestLine = 16 * 1024;

// Reads a command's output piece by piece into a log; keeps no more of it than one line. Not thread-safe.
class OperationReader {
 public:
  explicit OperationReader(WallTime origin) : output_{.log = OperationLog(origin), .lines = {}} {}

  // What came next; any bytes, cut anywhere.
  void Take(absl::string_view bytes);
  // No more comes: what stands behind the last end of a line is one too.
  OperationOutput Finish() &&;

 private:
  void EndLine();
  void Read(absl::string_view line);
  void Refuse(absl::string_view why);

  OperationOutput output_;
  std::size_t taken_ = 0;
  std::uint64_t number_ = 1;
  std::string line_;
  bool too_long_ = false;
};

}  // namespace faultline
