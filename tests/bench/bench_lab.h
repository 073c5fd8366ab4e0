#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "faultline/v1/run.pb.h"
#include "tests/measure/interrupts.h"
#include "tests/measure/process.h"

namespace faultline::bench {

// The lab "bench" with its fleet: real controller, six real agents or more. Its programs are those in FAULTLINE_BIN,
// else in the folder of this one. Goes with the object, whatever happened to it; one left by a bench that was killed is
// replaced.
class BenchLab {
 public:
  // What of it is started: the whole fleet without TLS; the controller and one agent, lon-1, without or with it.
  enum class Fleet { kWhole, kOneAgent, kOneAgentTls };

  // ABORTED when another bench has the lab. CANCELLED when a signal came; else the error names what failed.
  // `interrupts` must outlive the object.
  // With six nodes, or so many in each of the six subnets.
  static absl::StatusOr<std::unique_ptr<BenchLab>> Start(measure::Interrupts& interrupts, Fleet fleet = Fleet::kWhole,
                                                         int per_subnet = 1);
  ~BenchLab();
  BenchLab(const BenchLab&) = delete;
  BenchLab& operator=(const BenchLab&) = delete;

  // What `faultline ARGUMENTS` prints, `input` being its standard input; also of a run that was not verified. CANCELLED
  // when a signal came.
  absl::StatusOr<std::string> Faultline(const std::vector<std::string>& arguments, const std::string& input = "");
  // Carries a plan out to its end.
  absl::StatusOr<v1::Run> Run(const std::string& plan);
  // The names of its nodes' network namespaces.
  absl::StatusOr<std::vector<std::string>> Namespaces();
  // Of its agents.
  absl::StatusOr<std::vector<pid_t>> AgentPids();
  // A run as it is now.
  absl::StatusOr<v1::Run> Show(const std::string& run_id);

 private:
  BenchLab(measure::Interrupts& interrupts, UniqueFd lock) : interrupts_(interrupts), lock_(std::move(lock)) {}

  // What it prints.
  absl::StatusOr<std::string> Lab(const std::vector<std::string>& arguments);

  measure::Interrupts& interrupts_;
  // Held while the lab is ours.
  const UniqueFd lock_;
};

}  // namespace faultline::bench
