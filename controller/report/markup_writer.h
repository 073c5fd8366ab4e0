#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace faultline {

// Builds a document of HTML (with SVG in it) or XML, well-nested and with all text escaped: whatever it is given, none
// of it becomes markup but the names of elements and attributes, which are the program's own.
class MarkupWriter {
 public:
  using Attributes = std::initializer_list<std::pair<absl::string_view, std::string>>;

  // Begins an element within the innermost one.
  void Open(absl::string_view element, Attributes attributes = {});
  void Text(absl::string_view text);
  // Ends the innermost element. REQUIRES: there is one.
  void Close();
  // An element with nothing but text in it.
  void Leaf(absl::string_view element, Attributes attributes, absl::string_view text);
  void Leaf(absl::string_view element, absl::string_view text) { Leaf(element, {}, text); }
  // An element with nothing in it.
  void Empty(absl::string_view element, Attributes attributes);
  // What is markup already: the program's own, never others' text.
  void Constant(absl::string_view markup) { document_.append(markup.data(), markup.size()); }

  // The document. REQUIRES: all elements are closed.
  std::string Take();

 private:
  void Begin(absl::string_view element, Attributes attributes);

  std::string document_;
  std::vector<absl::string_view> open_;
};

}  // namespace faultline
