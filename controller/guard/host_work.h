#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/prefix.h"
#include "controller/clients/operation_reader.h"
#include "controller/plan/plan.h"

namespace faultline {

// For whom a command runs; it finds these in FAULTLINE_RUN, FAULTLINE_PLAN, FAULTLINE_STEP and FAULTLINE_MOMENT.
struct CommandContext {
  std::string run;
  std::string plan;
  // Empty when it is of no step.
  std::string step;
  // "before" or "after" (the step, or without one the run), "end" (of the run), or "guard".
  std::string moment;
};

struct CommandRequest {
  Command command;
  CommandContext context;
  Duration timeout{0};
  // Its standard output is lines of what clients did, told from this moment on (OperationLog's origin).
  std::optional<WallTime> operations_from = std::nullopt;
};

struct CommandResult {
  Duration took{0};
  // 128 + signal when it was killed, 127 when it could not be started, or its end is not known.
  int exit_code = 0;
  // The first kMostOutput bytes of each stream, in the order in which they came; of operations standard error alone.
  std::string output;
  bool truncated = false;
  // If it was asked for, and the program could be started.
  std::optional<OperationOutput> operations = std::nullopt;
  // It was killed, for its time was over.
  bool timed_out = false;
};

struct CheckRequest {
  std::variant<Command, HttpCheck, TcpCheck> check;
  // Of a Command.
  CommandContext context;
  Duration timeout{0};
};

struct CheckResult {
  bool passed = false;
  // What was seen, one line: "exit code 1: no quorum", "status 503", "connection refused".
  std::string detail;
};

// A name and its addresses, sorted.
using LookedUp = std::vector<std::pair<std::string, std::vector<IpAddress>>>;

// What a run has done on the controller's own host. Every call returns at once; `done` is called once, later, on
// another thread. Thread-safe.
class HostWork {
 public:
  virtual ~HostWork() = default;
  virtual void Check(CheckRequest request, std::function<void(CheckResult)> done) = 0;
  virtual void Run(CommandRequest request, std::function<void(CommandResult)> done) = 0;
  // All names, within kLookUpTime each. The first error names its name.
  virtual void LookUp(std::vector<std::string> names, std::function<void(absl::StatusOr<LookedUp>)> done) = 0;
};

inline constexpr std::size_t kMostOutput = 64 * 1024;
inline constexpr Duration kLookUpTime = std::chrono::seconds(5);

}  // namespace faultline
