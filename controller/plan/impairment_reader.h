#pragma once

#include <optional>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "common/document/text_error.h"
#include "common/document/value_reader.h"
#include "common/impairment.h"
#include "common/ramp.h"
#include "controller/plan/sample_lists.h"

namespace faultline {

// Reads one step's "impair" and "ramp". A value that cannot be read is one error, and counts as a good one in the
// checks of the whole.
class ImpairmentReader {
 public:
  // `both_ways`: whether the fault is, so that a round trip has two halves. Both references must outlive the reader.
  ImpairmentReader(bool both_ways, SampleLists& samples, TextErrors& errors)
      : both_ways_(both_ways), samples_(samples), errors_(errors) {}

  Impairment Read(const Record& impair);
  // After Read, whose result is `from`. `longest`: the step's length; 0 when that could not be read.
  Ramp ReadRamp(const DocumentValue& value, const Impairment& from, Duration longest);
  // What is wrong with the whole; `impair` and `ramp` are the values that were read.
  void Check(const DocumentValue& impair, const Impairment& impairment, const DocumentValue* ramp_value,
             const std::optional<Ramp>& ramp);

 private:
  // A share of packets in an impairment and how much it depends on the packet before.
  struct Share {
    Ratio& ratio;
    Ratio& correlation;
  };

  // Sets `out` from the value at `key`, when there is one; to `instead` when it cannot be read.
  template <typename T>
  void Take(const Record& record, absl::string_view key,
            std::optional<T> (*read)(const DocumentValue&, absl::string_view, TextErrors&), T instead, T& out);
  void TakeOver(const Record& record, Duration longest, Duration& over);
  // "delay" or "rtt".
  void TakeDelay(const Record& record, Duration& delay);
  void TakeDistribution(const Record& record, Impairment& impairment);
  // "1%" or {ratio: 1%, correlation: 25%}.
  void TakeShare(const Record& record, absl::string_view key, Share share);
  void TakeLoss(const Record& record, Impairment& impairment);
  void TakeReorder(const Record& record, Impairment& impairment);
  GilbertElliott ReadGilbertElliott(const DocumentValue& value);
  // Where in the text a field of CheckImpairment or CheckRamp stands.
  static const DocumentValue& PlaceOf(const DocumentValue& value, absl::string_view path);
  void AddErrors(const std::vector<FieldError>& errors, const DocumentValue& impair, const DocumentValue* ramp);
  bool Failed(absl::string_view field) const;

  const bool both_ways_;
  SampleLists& samples_;
  TextErrors& errors_;
  // Fields that could not be read.
  std::set<std::string> failed_;
  // What is before the keys that are read now, in the fields' names: "ramp.", "loss.".
  std::string prefix_;
};

}  // namespace faultline
