#pragma once

#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace faultline {

// Where in a text something stands; lines and columns from 1. 0 when it does not come from a text.
struct SourcePosition {
  int line = 0;
  int column = 0;

  friend bool operator==(const SourcePosition&, const SourcePosition&) = default;
};

// One thing wrong with a text that a person wrote.
struct TextError {
  SourcePosition position;
  // What is wrong and what was expected; one line of printable UTF-8.
  std::string message;

  // "file:line:column: message"; without the place when the position is not from a text.
  std::string ToString(absl::string_view file_name) const;
  friend bool operator==(const TextError&, const TextError&) = default;
};

// Gathers errors. Keeps the first kMost and counts the rest, and cuts long messages, so that no input makes the list
// large. Not thread-safe.
class TextErrors {
 public:
  static constexpr std::size_t kMost = 1000;

  // Line breaks and tabs in the message become blanks.
  void Add(SourcePosition position, absl::string_view message);
  bool empty() const { return errors_.empty(); }
  // Nothing added from now on is kept word for word.
  bool full() const { return errors_.size() >= kMost; }
  // "; did you mean 'x'?" when a candidate is near `text`, else nothing. Empty also once there are so many errors
  // that nobody needs the help: looking is not free.
  std::string Suggest(absl::string_view text, std::span<const std::string> candidates) const;
  // All errors by position, those of one position in the order they were added, none twice. When some were dropped the
  // last one says how many. Leaves the list empty.
  std::vector<TextError> Take();

 private:
  std::vector<TextError> errors_;
  std::size_t dropped_ = 0;
};

// Each error's ToString, a line each.
std::string JoinErrors(std::span<const TextError> errors, absl::string_view file_name);

}  // namespace faultline
