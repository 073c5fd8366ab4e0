#pragma once

#include "absl/strings/string_view.h"
#include "common/document/document.h"
#include "common/document/text_error.h"
#include "common/prefix_set.h"
#include "controller/plan/allowance.h"

namespace faultline {

// Reads CIDRs wherever a plan has them, and counts them. Not thread-safe.
class CidrReader {
 public:
  // `errors` must outlive the reader.
  explicit CidrReader(TextErrors& errors) : errors_(errors) {}

  // A CIDR or a list of them. Those that are none are left out, each with an error.
  PrefixSet Read(const DocumentValue& value, absl::string_view what);

 private:
  TextErrors& errors_;
  Allowance allowance_{100'000, "CIDRs"};
};

}  // namespace faultline
