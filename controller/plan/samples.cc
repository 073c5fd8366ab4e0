#include "controller/plan/samples.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/document/document.h"
#include "common/duration.h"
#include "common/impairment.h"

namespace faultline {
namespace {

constexpr std::size_t kMostRead = 100'000;

bool BeginsHeader(char c) { return c == '"' || c == '\'' || absl::ascii_isalpha(static_cast<unsigned char>(c)); }

absl::StatusOr<Duration> ParseCell(absl::string_view cell) {
  const bool bare = cell.find_first_not_of("0123456789.") == absl::string_view::npos;
  return bare ? ParseDuration(absl::StrCat(cell, "ms")) : ParseDuration(cell);
}

}  // namespace

std::vector<Duration> ReduceSamples(std::vector<Duration> samples) {
  std::sort(samples.begin(), samples.end());
  if (samples.size() <= kMostSamples) return samples;
  std::vector<Duration> quantiles;
  quantiles.reserve(kMostSamples);
  // The middle of each of kMostSamples equal shares.
  for (std::size_t i = 0; i < kMostSamples; ++i) {
    quantiles.push_back(samples[(2 * i + 1) * samples.size() / (2 * kMostSamples)]);
  }
  return quantiles;
}

absl::StatusOr<std::vector<Duration>> ParseSamplesCsv(absl::string_view text) {
  std::vector<Duration> samples;
  int number = 0;
  bool first = true;
  absl::ConsumePrefix(&text, "\xef\xbb\xbf");
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line.front() == '#') continue;
    const bool header = first && BeginsHeader(line.front());
    first = false;
    if (header) continue;
    const absl::string_view cell = absl::StripAsciiWhitespace(line.substr(0, line.find_first_of(",;\t")));
    const absl::StatusOr<Duration> sample = ParseCell(cell);
    if (!sample.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": '", Printable(cell.substr(0, 100)),
                                                     "' is no delay; write milliseconds, or a unit as in 1.2ms"));
    }
    if (samples.size() == kMostRead) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": at most ", kMostRead, " samples are read"));
    }
    samples.push_back(*sample);
  }
  if (samples.size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat("samples are delays, one a line; there are only ", samples.size()));
  }
  return samples;
}

}  // namespace faultline
