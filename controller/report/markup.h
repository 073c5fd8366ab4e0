#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace faultline {

// What others wrote, made fit for reports.

// `text` as well-formed UTF-8: each byte that is part of no character becomes U+FFFD.
std::string WellFormed(absl::string_view text);

// Any bytes as text of an HTML or XML document, fit for content and for quoted attributes: well-formed; markup as
// entities; control characters, which neither may contain, as their pictures ("␀", "␛"), but for tab and newline; marks
// that turn the direction of writing, and code points that XML forbids, as U+FFFD. The one way by which text gets into
// a page.
std::string EscapeMarkup(absl::string_view text);

// Any bytes as a JSON string, with its quotes. One line.
std::string JsonString(absl::string_view text);

// Any bytes as text within a line of GitHub's Markdown, table cells included: nothing of it is markup, an emoji or a
// mention. One line.
std::string EscapeMarkdown(absl::string_view text);

}  // namespace faultline
