#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/document/document.h"
#include "common/document/text_error.h"
#include "controller/plan/allowance.h"
#include "controller/plan/missing_file.h"

namespace faultline {

// Reads measured delays wherever a plan has them: lists in place, and the lists by name under the plan's "samples". Not
// thread-safe.
class SampleLists {
 public:
  // `errors` must outlive it.
  explicit SampleLists(TextErrors& errors) : errors_(errors) {}

  // The value of the plan's "samples": lists by name. To be read before any use.
  void ReadNamed(const DocumentValue& value);
  // The value of an impairment's "samples": a list or a name. In the form of Impairment::samples.
  std::optional<std::vector<Duration>> Read(const DocumentValue& value);
  // Names that Read did not find, when the plan has no "samples" at all: they may be files'. Each was an error.
  const std::vector<MissingFile>& missing() const { return missing_; }

 private:
  std::optional<std::vector<Duration>> ReadList(const DocumentValue& value, absl::string_view what);

  TextErrors& errors_;
  bool has_named_ = false;
  std::map<std::string, std::optional<std::vector<Duration>>> named_;
  std::vector<std::string> names_;
  std::vector<MissingFile> missing_;
  Allowance lists_{1000, "lists of samples"};
  Allowance samples_{100'000, "samples"};
};

}  // namespace faultline
