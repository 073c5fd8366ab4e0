#include "common/examination.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace faultline {
namespace {

// The sign and a blank before the subject, two blanks after it.
constexpr std::size_t kBeforeSubject = 2;
constexpr std::size_t kAfterSubject = 2;
constexpr std::size_t kLongestSubject = 20;

// Columns of UTF-8 text without wide or combining characters.
std::size_t ColumnsOf(absl::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// `text` in lines that begin at column `indent`, of which the first is filled so far.
std::string Wrap(absl::string_view text, std::size_t indent, std::size_t width) {
  std::string wrapped;
  std::size_t column = indent;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const std::size_t length = ColumnsOf(word);
    if (column > indent && column + 1 + length > width) {
      absl::StrAppend(&wrapped, "\n", std::string(indent, ' '));
      column = indent;
    } else if (column > indent) {
      wrapped += ' ';
      ++column;
    }
    absl::StrAppend(&wrapped, word);
    column += length;
  }
  return wrapped;
}

const char* ColorOf(Health health) {
  switch (health) {
    case Health::kGood:
      return "\033[32m";
    case Health::kWarning:
      return "\033[33m";
    case Health::kBad:
      return "\033[31m";
  }
  return "";
}

const char* BareSignOf(Health health, bool utf8) {
  switch (health) {
    case Health::kGood:
      return utf8 ? "✓" : "+";
    case Health::kWarning:
      return "!";
    case Health::kBad:
      return utf8 ? "✗" : "x";
  }
  return "?";
}

// Whole characters, and how much is left out.
void Cut(std::string& text) {
  // Of " ... and N bytes more", whatever N is.
  constexpr std::size_t kRemark = 48;
  const std::size_t size = text.size();
  if (size <= ExaminationBounds::kText) return;
  std::size_t end = ExaminationBounds::kText - kRemark;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  absl::StrAppend(&text, " ... and ", size - end, " bytes more");
}

}  // namespace

Finding Good(absl::string_view subject, std::string detail) {
  return {.subject = std::string(subject), .detail = std::move(detail), .mend = {}};
}

Finding Warning(absl::string_view subject, std::string detail, std::string mend) {
  return {std::string(subject), Health::kWarning, std::move(detail), std::move(mend)};
}

Finding Bad(absl::string_view subject, std::string detail, std::string mend) {
  return {std::string(subject), Health::kBad, std::move(detail), std::move(mend)};
}

Examination WithinBounds(Examination findings) {
  std::size_t bytes = 0;
  std::size_t fit = 0;
  for (Finding& finding : findings) {
    Cut(finding.detail);
    Cut(finding.mend);
    bytes += finding.subject.size() + finding.detail.size() + finding.mend.size();
    if (bytes <= ExaminationBounds::kAll) ++fit;
  }
  fit = std::min(fit, ExaminationBounds::kFindings);
  if (fit == findings.size()) return findings;
  // The last that would fit gives its place to the remark.
  const auto first = findings.begin() + static_cast<std::ptrdiff_t>(fit) - 1;
  const Examination rest(first, findings.end());
  findings.erase(first, findings.end());
  findings.push_back({.subject = "more",
                      .health = WorstOf(rest),
                      .detail = absl::StrCat("and ", rest.size(), " findings more"),
                      .mend = WorstOf(rest) == Health::kGood ? "" : "faultline-agent doctor there shows them all"});
  return findings;
}

Health WorstOf(const Examination& findings) {
  Health worst = Health::kGood;
  for (const Finding& finding : findings) worst = std::max(worst, finding.health);
  return worst;
}

std::string SignOf(Health health, const ExaminationStyle& style) {
  const std::string sign = BareSignOf(health, style.utf8);
  return style.color ? absl::StrCat(ColorOf(health), sign, "\033[0m") : sign;
}

std::string ExaminationText(const Examination& findings, const ExaminationStyle& style) {
  std::size_t subject_width = 0;
  for (const Finding& finding : findings) subject_width = std::max(subject_width, finding.subject.size());
  subject_width = std::min(subject_width, kLongestSubject);
  const std::size_t indent = kBeforeSubject + subject_width + kAfterSubject;
  const absl::string_view arrow = style.utf8 ? "→ " : "-> ";
  std::string text;
  for (const Finding& finding : findings) {
    const std::size_t blanks = subject_width - std::min(subject_width, finding.subject.size()) + kAfterSubject;
    absl::StrAppend(&text, SignOf(finding.health, style), " ", finding.subject, std::string(blanks, ' '),
                    Wrap(finding.detail, indent, style.width), "\n");
    if (finding.mend.empty()) continue;
    const std::size_t mend_indent = indent + ColumnsOf(arrow);
    absl::StrAppend(&text, std::string(indent, ' '), arrow, Wrap(finding.mend, mend_indent, style.width), "\n");
  }
  return text;
}

}  // namespace faultline
