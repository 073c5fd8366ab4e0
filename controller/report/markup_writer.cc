#include "controller/report/markup_writer.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "absl/strings/str_cat.h"
#include "controller/report/markup.h"

namespace faultline {
namespace {

// After these a line break would be a blank.
constexpr std::array<absl::string_view, 6> kInline = {"a", "b", "code", "pre", "small", "span"};

}  // namespace

void MarkupWriter::Begin(absl::string_view element, Attributes attributes) {
  absl::StrAppend(&document_, "<", element);
  for (const auto& [name, value] : attributes) {
    absl::StrAppend(&document_, " ", name, "=\"", EscapeMarkup(value), "\"");
  }
}

void MarkupWriter::Open(absl::string_view element, Attributes attributes) {
  Begin(element, attributes);
  document_ += ">";
  open_.push_back(element);
}

void MarkupWriter::Text(absl::string_view text) { document_ += EscapeMarkup(text); }

void MarkupWriter::Close() {
  assert(!open_.empty());
  const absl::string_view element = open_.back();
  open_.pop_back();
  absl::StrAppend(&document_, "</", element, ">", std::ranges::count(kInline, element) > 0 ? "" : "\n");
}

void MarkupWriter::Leaf(absl::string_view element, Attributes attributes, absl::string_view text) {
  Open(element, attributes);
  Text(text);
  Close();
}

void MarkupWriter::Empty(absl::string_view element, Attributes attributes) {
  Begin(element, attributes);
  document_ += "/>\n";
}

std::string MarkupWriter::Take() {
  assert(open_.empty());
  return std::move(document_);
}

}  // namespace faultline
