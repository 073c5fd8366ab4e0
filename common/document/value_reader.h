#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/bit_rate.h"
#include "common/clock.h"
#include "common/document/document.h"
#include "common/document/text_error.h"
#include "common/ratio.h"

namespace faultline {

// Reading typed values out of a document. Every function adds what is wrong to `errors`, at the value's position, and
// then returns nothing (or an empty list); `what` is how messages call the value ("'for'", "a step").

std::optional<std::string> ReadText(const DocumentValue& value, absl::string_view what, TextErrors& errors);
// A text that CheckName accepts; `what` is the kind of name ("step name").
std::optional<std::string> ReadName(const DocumentValue& value, absl::string_view what, TextErrors& errors);
std::optional<Duration> ReadDuration(const DocumentValue& value, absl::string_view what, TextErrors& errors);
// As ParseRatio, ParseBitRate and ParseBytes have them.
std::optional<Ratio> ReadRatio(const DocumentValue& value, absl::string_view what, TextErrors& errors);
std::optional<BitRate> ReadBitRate(const DocumentValue& value, absl::string_view what, TextErrors& errors);
std::optional<std::uint64_t> ReadBytes(const DocumentValue& value, absl::string_view what, TextErrors& errors);
// Decimal digits, from `least` to `most`.
std::optional<std::uint64_t> ReadNumber(const DocumentValue& value, absl::string_view what, TextErrors& errors,
                                        std::uint64_t least = 0,
                                        std::uint64_t most = std::numeric_limits<std::uint64_t>::max());
// One of `words`, by its index.
std::optional<std::size_t> ReadWord(const DocumentValue& value, absl::string_view what,
                                    std::span<const std::string> words, TextErrors& errors);
// A list with at least one item.
std::span<const DocumentPtr> ReadList(const DocumentValue& value, absl::string_view what, TextErrors& errors);
// The items of such a list, or a single value as the only item; they live as long as the document.
std::vector<const DocumentValue*> ReadItems(const DocumentValue& value, absl::string_view what, TextErrors& errors);
// The value at a path of keys, "loss.gemodel.p", or the last on the way to it that exists. Adds no error.
const DocumentValue& FindPath(const DocumentValue& value, absl::string_view path);

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
  // How many keys it has.
  std::size_t size() const { return fields_.size(); }
  // Null when the key is absent.
  const DocumentValue* Find(absl::string_view name) const;
  // When the key is absent, that is an error: "what has no 'name'; expectation".
  // Not when an unknown key may be this one (MayBe): that was the error.
  const DocumentValue* Require(absl::string_view name, absl::string_view expectation, TextErrors& errors) const;
  // Whether this absent key may be what an unknown one means: one that is like it, the only key there is, or what
  // YAML's merge key "<<" would bring.
  bool MayBe(absl::string_view name) const;

 private:
  std::string what_;
  SourcePosition position_;
  std::vector<Field> fields_;
  // What unknown keys may mean, and whether that may be any.
  std::vector<std::string> meant_;
  bool any_meant_ = false;
};

}  // namespace faultline
