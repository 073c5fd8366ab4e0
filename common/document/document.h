#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/document/text_error.h"

namespace faultline {

struct DocumentValue;
// Shared because a YAML alias stands for the value it names.
using DocumentPtr = std::shared_ptr<const DocumentValue>;

// One value of a YAML text and where it stands. Immutable once built. Keeps what maps would lose: the order and
// position of keys, and keys that come twice.
struct DocumentValue {
  enum class Kind : std::uint8_t { kNothing, kText, kList, kMapping };
  struct Entry {
    DocumentPtr key;
    DocumentPtr value;
  };

  Kind kind = Kind::kNothing;
  SourcePosition position;
  // kText: printable UTF-8, perhaps with line breaks and tabs.
  std::string text;
  // kList.
  std::vector<DocumentPtr> items;
  // kMapping.
  std::vector<Entry> entries;
  // Values and letters in all, with aliases written out; and levels, one for a single value.
  std::size_t weight = 1;
  std::size_t depth = 1;
};

// Reads the one document of a YAML text. Null, with one error added, when the text is too long, no UTF-8, no YAML,
// empty, more than one document, too deep, or grows too much by its aliases. Throws nothing.
DocumentPtr ParseDocument(absl::string_view text, TextErrors& errors);

// The first thing in `text` that is not printable UTF-8, a line break or a tab; nothing when all is well.
std::optional<TextError> FindBadText(absl::string_view text);

// `text` with '?' in place of every byte that FindBadText objects to.
std::string Printable(absl::string_view text);

}  // namespace faultline
