#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/config.h"
#include "common/clock.h"
#include "common/examination.h"
#include "common/identity/trial_contact.h"
#include "common/prefix.h"

namespace faultline {

// How far this node gets towards its controller. A value. What comes after the first that fails is not tried.
struct ControllerFacts {
  // As the configuration has it, or the enrolment; empty when neither does.
  std::string address;
  // Why there is no address, where there is none.
  absl::StatusOr<std::vector<IpAddress>> resolved = absl::UnknownError("not tried");
  // A TCP connection, or one to its Unix socket.
  absl::Status connected = absl::UnknownError("not tried");
  // Absent where there is no TLS.
  std::optional<TrialContact> tls;
  TlsFiles files;
  // Of this node's certificate; absent when there is none that can be read.
  std::optional<WallTime> begins;
  std::optional<WallTime> ends;
  WallTime now;
};

// Takes a few seconds at most. `insecure`: without TLS.
ControllerFacts ReadControllerFacts(const AgentConfig& config, bool insecure);
// Only what is in the files: the running agent knows the rest.
ControllerFacts ReadCertificateFacts(const AgentConfig& config);

// "controller" and "tls". Pure.
Examination JudgeController(const ControllerFacts& facts);
// "certificate", where there is one. Pure.
Examination JudgeCertificate(const ControllerFacts& facts);

}  // namespace faultline
