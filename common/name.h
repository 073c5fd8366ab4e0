#pragma once

#include <compare>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace faultline {

// A string of one meaning; strings of different meanings do not mix. Ordered and hashable by its text.
template <typename Tag>
class Name {
 public:
  Name() = default;
  explicit Name(std::string text) : text_(std::move(text)) {}

  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend auto operator<=>(const Name&, const Name&) = default;

  template <typename H>
  friend H AbslHashValue(H hash, const Name& name) {
    return H::combine(std::move(hash), name.text_);
  }

 private:
  std::string text_;
};

// A node of the fleet.
using NodeName = Name<struct NodeNameTag>;
// One run of a plan; also the stem of the run's nft chain and set names.
using RunId = Name<struct RunIdTag>;

// Whether `text` can name a node, a plan, a group or a step: 1 to 64 of letters, digits, '-', '_' and '.', the first
// a letter or digit. INVALID_ARGUMENT says what is wrong; `what` is the kind of thing ("step name").
absl::Status CheckName(absl::string_view text, absl::string_view what);

}  // namespace faultline
