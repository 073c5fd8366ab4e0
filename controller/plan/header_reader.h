#pragma once

#include "common/document/text_error.h"
#include "common/document/value_reader.h"
#include "controller/plan/plan.h"

namespace faultline {

// Reads what a plan says of itself as a whole. Not thread-safe.
class HeaderReader {
 public:
  // `errors` must outlive the reader.
  explicit HeaderReader(TextErrors& errors) : errors_(errors) {}

  // Its name and the like, and on whom it may act.
  void Read(const Record& record, Plan& plan);
  // "warmup", "cooldown" and "length". After the steps, which the warmup moves.
  void ReadTimes(const Record& record, Plan& plan);

 private:
  void CheckVersion(const DocumentValue& value);
  void ReadPatience(const DocumentValue& value, Plan& plan);
  void ReadLimits(const Record& record, Plan& plan);
  std::string ReadEnv(const DocumentValue& value);
  Duration ReadQuiet(const Record& record, const std::string& key, Duration unless_given);
  // Sets the cooldown to what is left of the length.
  void ReadLength(const DocumentValue& value, const Record& record, Plan& plan);

  TextErrors& errors_;
};

}  // namespace faultline
