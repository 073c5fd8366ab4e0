#pragma once

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/document/text_error.h"

namespace faultline {

// How many things of one kind a plan may have; keeps the work on hostile texts bounded. `things` must be a literal.
class Allowance {
 public:
  Allowance(std::size_t most, absl::string_view things) : most_(most), things_(things) {}

  // Takes one more. False once there are too many, the first time with an error at `position`.
  bool Take(SourcePosition position, TextErrors& errors) {
    ++taken_;
    if (taken_ == most_ + 1) errors.Add(position, absl::StrCat("a plan has at most ", most_, " ", things_));
    return taken_ <= most_;
  }

 private:
  const std::size_t most_;
  const absl::string_view things_;
  std::size_t taken_ = 0;
};

}  // namespace faultline
