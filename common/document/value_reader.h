#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/document/document.h"
#include "common/document/text_error.h"

namespace faultline {

// Reading typed values out of a document. Every function adds what is wrong to `errors`, at the value's position, and
// then returns nothing (or an empty list); `what` is how messages call the value ("'for'", "a step").

std::optional<std::string> ReadText(const DocumentValue& value, absl::string_view what, TextErrors& errors);
// A text that CheckName accepts; `what` is the kind of name ("step name").
std::optional<std::string> ReadName(const DocumentValue& value, absl::string_view what, TextErrors& errors);
std::optional<Duration> ReadDuration(const DocumentValue& value, absl::string_view what, TextErrors& errors);
// Decimal digits, less than 2^64.
std::optional<std::uint64_t> ReadNumber(const DocumentValue& value, absl::string_view what, TextErrors& errors);
// A list with at least one item.
std::span<const DocumentPtr> ReadList(const DocumentValue& value, absl::string_view what, TextErrors& errors);

// One key of a mapping and its value; both live as long as the document.
struct Field {
  std::string name;
  const DocumentValue* key = nullptr;
  const DocumentValue* value = nullptr;
};

// A mapping with at least one key. A key that is not a text is an error, and one that comes again; both are left out.
std::vector<Field> ReadFields(const DocumentValue& value, absl::string_view what, TextErrors& errors);

// A mapping of which every key is known.
class Record {
 public:
  // Adds an error for every unknown key, with the nearest of `known`.
  Record(const DocumentValue& value, absl::string_view what, std::span<const std::string> known, TextErrors& errors);

  // Whether it is a mapping with any key at all; when not, that was the error.
  bool valid() const { return !fields_.empty(); }
  SourcePosition position() const { return position_; }
  // Null when the key is absent.
  const DocumentValue* Find(absl::string_view name) const;
  // When the key is absent, that is an error: "what has no 'name'; expectation".
  const DocumentValue* Require(absl::string_view name, absl::string_view expectation, TextErrors& errors) const;

 private:
  std::string what_;
  SourcePosition position_;
  std::vector<Field> fields_;
};

}  // namespace faultline
