#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/document/document.h"
#include "common/document/text_error.h"
#include "common/document/value_reader.h"
#include "controller/plan/allowance.h"
#include "controller/plan/plan.h"
#include "controller/plan/step_names.h"

namespace faultline {

// Reads what the controller runs and asks beside a plan's faults: "guards" and "observe". Not thread-safe.
class CheckReader {
 public:
  // `errors` must outlive the reader.
  explicit CheckReader(TextErrors& errors) : errors_(errors) {}

  std::vector<Guard> ReadGuards(const DocumentValue& value);
  std::vector<Observation> ReadObservations(const DocumentValue& value, const StepNames& steps);

 private:
  Guard ReadGuard(const DocumentValue& value, std::size_t number);
  void ReadWhat(const Record& record, Guard& guard);
  void ReadTimes(const Record& record, Guard& guard);
  Command ReadCommand(const DocumentValue& value);
  HttpCheck ReadHttp(const DocumentValue& value);
  void ReadUrl(const DocumentValue& value, HttpCheck& check);
  TcpCheck ReadTcp(const DocumentValue& value);
  Observation ReadObservation(const DocumentValue& value, std::size_t number, const StepNames& steps);
  void ReadMoments(const Record& record, const StepNames& steps, Observation& observation);
  // "name", or "guard-2" when there is none.
  std::string ReadOwnName(const Record& record, absl::string_view kind, std::size_t number);
  // Between kShortestWait and kLongestWait.
  std::optional<Duration> ReadWait(const DocumentValue& value, absl::string_view what);
  std::vector<std::string> ReadSteps(const DocumentValue& value, absl::string_view what, const StepNames& steps);

  TextErrors& errors_;
  Allowance guards_{100, "guards"};
  Allowance observations_{100, "observations"};
  Allowance of_operations_{8, "observations with 'format: operations'"};
  // Names by kind and name, and where.
  std::map<std::pair<std::string, std::string>, SourcePosition> names_;
};

}  // namespace faultline
