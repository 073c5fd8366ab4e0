#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/document/text_error.h"

namespace faultline {

// A file that a plan names but does not have in its text. Each was an error of the plan, at `position` and with
// `message`: a text that has the file under its own key would be right. Pure readers cannot open files; the command
// line does, and puts them there.
struct MissingFile {
  enum class Kind : std::uint8_t {
    // A list under "samples".
    kSamples,
    // A text under "included".
    kIncluded,
    // CIDRs under "ip_ranges".
    kIpRanges,
  };
  Kind kind = Kind::kSamples;
  std::string name;
  SourcePosition position;
  std::string message;
  // Of kIpRanges; empty: all.
  std::vector<std::string> services;
  std::vector<std::string> regions;
};

}  // namespace faultline
