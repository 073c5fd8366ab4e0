#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace faultline {

// How a finding is meant; what is worse is greater.
enum class Health : std::uint8_t {
  // As it should be.
  kGood,
  // Some plans cannot run, or not as exactly as they could.
  kWarning,
  // The node cannot take part, or is not safe.
  kBad,
};

// One thing that was looked at on a node. A value.
struct Finding {
  // What it is about, of lower-case letters, digits and '-', the same in every release: docs/DOCTOR.md has them all.
  std::string subject;
  Health health = Health::kGood;
  // What was found, for people; one line.
  std::string detail;
  // What would mend it, such as a command to be run there; empty where nothing need be done.
  std::string mend;

  friend bool operator==(const Finding&, const Finding&) = default;
};

Finding Good(absl::string_view subject, std::string detail);
Finding Warning(absl::string_view subject, std::string detail, std::string mend);
Finding Bad(absl::string_view subject, std::string detail, std::string mend);

// What was found on one node, in the order in which it is shown.
using Examination = std::vector<Finding>;

// What a controller is told of: it refuses the whole of an examination that is larger.
struct ExaminationBounds {
  static constexpr std::size_t kFindings = 200;
  // Of a finding's detail, and of its mend, in bytes.
  static constexpr std::size_t kText = 2000;
  // Of all texts, in bytes.
  static constexpr std::size_t kAll = 200'000;
};
// The same within those bounds: a text that is too long ends with how many bytes more there are, and in place of too
// many findings the last says how many, and is as bad as they are. REQUIRES: all texts are UTF-8.
Examination WithinBounds(Examination findings);

// kGood of none.
Health WorstOf(const Examination& findings);

// What the text goes to.
struct ExaminationStyle {
  // ANSI colours.
  bool color = false;
  // UTF-8; else ASCII only.
  bool utf8 = true;
  // Columns; no line is longer but for a word that is.
  std::size_t width = 80;
};

// The sign of a finding: "✓", "!" or "✗", in its colour where there are colours; in ASCII "+", "!" and "x".
std::string SignOf(Health health, const ExaminationStyle& style);

// A finding a line, with its sign, its subject and what was found; under it, after an arrow, what would mend it.
// REQUIRES: no text has control characters.
std::string ExaminationText(const Examination& findings, const ExaminationStyle& style);

}  // namespace faultline
