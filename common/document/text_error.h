#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
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

  // Where an error goes that is found later, when the reader may be in another text.
  struct Place {
    SourcePosition position;
    // "groups.yaml:3:5: " in an included text, else empty.
    std::string file;
    // What Note said of the position.
    std::string note;
    bool muted = false;

    // For messages about two places: "3:5", "groups.yaml:3:5".
    std::string ToString() const;
  };

  // Line breaks and tabs in the message become blanks.
  void Add(SourcePosition position, absl::string_view message);
  void AddAt(const Place& place, absl::string_view message);
  Place Locate(SourcePosition position) const;

  // Ends every later message about the value at `position` with this: "(${delay} is '80')".
  void Note(SourcePosition position, std::string note);
  // Drops all later messages about the value at `position`: it is known to be wrong.
  void Mute(SourcePosition position);

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
  friend class IncludedText;

  struct Remark {
    std::string note;
    bool muted = false;
  };
  // What is read now.
  struct Text {
    // Empty: the text itself.
    std::string file;
    // Where the text itself includes the file.
    SourcePosition place;
    std::map<std::pair<int, int>, Remark> remarks;
  };

  std::vector<TextError> errors_;
  std::size_t dropped_ = 0;
  Text text_;
};

// While one lives, the positions that its TextErrors is given are those of the text of `file`, which the main text
// includes at `place`: errors stand there and begin with "file:line:column: ". `errors` must outlive it.
class IncludedText {
 public:
  IncludedText(TextErrors& errors, SourcePosition place, std::string file);
  ~IncludedText();
  IncludedText(const IncludedText&) = delete;
  IncludedText& operator=(const IncludedText&) = delete;

 private:
  TextErrors& errors_;
  TextErrors::Text outer_;
};

// Each error's ToString, a line each.
std::string JoinErrors(std::span<const TextError> errors, absl::string_view file_name);

}  // namespace faultline
