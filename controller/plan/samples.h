#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"

namespace faultline {

// Measured delays in the form of Impairment::samples: sorted, and when there are more than kMostSamples, that many
// quantiles of them at equal steps.
std::vector<Duration> ReduceSamples(std::vector<Duration> samples);

// Reads measured delays as tools write them: one a line, in the first of the columns (parted by commas, semicolons or
// tabs), with a unit or in milliseconds. Empty lines and lines that begin with '#' are skipped, and a first line
// that begins with a letter or a quotation mark is a header. INVALID_ARGUMENT is "line N: what is wrong", or says that
// there are less than 2 or more than 100 000. In the order of the lines.
absl::StatusOr<std::vector<Duration>> ParseSamplesCsv(absl::string_view text);

}  // namespace faultline
