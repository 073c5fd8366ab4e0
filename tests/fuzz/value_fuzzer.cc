// Any bytes as a duration, a ratio, a rate, a size, a range of ports, an address, a CIDR, a list of CIDRs and a name:
// what reads is within its bounds and reads back from its own text.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "common/bit_rate.h"
#include "common/duration.h"
#include "common/edit_distance.h"
#include "common/name.h"
#include "common/packet_filter.h"
#include "common/prefix_set.h"
#include "common/ratio.h"
#include "tests/fuzz/require.h"

namespace faultline {
namespace {

void CheckDuration(absl::string_view text) {
  const absl::StatusOr<Duration> duration = ParseDuration(text);
  if (!duration.ok()) return;
  FAULTLINE_REQUIRE(*duration >= Duration(0) && *duration <= std::chrono::hours(10'000));
  FAULTLINE_REQUIRE(ParseDuration(FormatDuration(*duration)).value() == *duration);
}

void CheckPrefix(absl::string_view text, std::vector<Prefix>& prefixes) {
  const absl::StatusOr<Prefix> prefix = Prefix::Parse(text);
  if (!prefix.ok()) return;
  FAULTLINE_REQUIRE(Prefix::Parse(prefix->ToString()).value() == *prefix);
  FAULTLINE_REQUIRE(prefix->Contains(prefix->address()) && prefix->Contains(prefix->Last()));
  FAULTLINE_REQUIRE(IpAddress::FromBytes(prefix->Last().ToBytes()).value() == prefix->Last());
  prefixes.push_back(*prefix);
}

void CheckSet(const std::vector<Prefix>& prefixes) {
  const PrefixSet set(prefixes);
  for (const Prefix& prefix : prefixes) {
    FAULTLINE_REQUIRE(set.Contains(prefix.address()) && set.Contains(prefix.Last()));
    FAULTLINE_REQUIRE(set.Overlaps(PrefixSet({prefix})) && PrefixSet({prefix}).Overlaps(set));
  }
  FAULTLINE_REQUIRE(set.Union(set) == set && PrefixSet(set.prefixes()) == set);
  FAULTLINE_REQUIRE(set.ToString().empty() == prefixes.empty());
}

void CheckNumbers(absl::string_view text) {
  if (const absl::StatusOr<Ratio> ratio = ParseRatio(text); ratio.ok()) {
    FAULTLINE_REQUIRE(*ratio <= Ratio::Percent(400) && ParseRatio(FormatRatio(*ratio)).value() == *ratio);
  }
  if (const absl::StatusOr<BitRate> rate = ParseBitRate(text); rate.ok()) {
    FAULTLINE_REQUIRE(rate->bits_per_second <= 1'000'000'000'000);
    FAULTLINE_REQUIRE(ParseBitRate(FormatBitRate(*rate)).value() == *rate);
  }
  if (const absl::StatusOr<std::uint64_t> bytes = ParseBytes(text); bytes.ok()) {
    FAULTLINE_REQUIRE(*bytes <= 1'000'000'000'000);
  }
  if (const absl::StatusOr<PortRange> ports = ParsePortRange(text); ports.ok()) {
    FAULTLINE_REQUIRE(ports->first >= 1 && ports->first <= ports->last);
    FAULTLINE_REQUIRE(ParsePortRange(FormatPortRange(*ports)).value() == *ports);
  }
}

void Check(absl::string_view text) {
  CheckDuration(text);
  CheckNumbers(text);
  if (CheckName(text, "name").ok()) FAULTLINE_REQUIRE(!text.empty() && text.size() <= 64);
  std::vector<Prefix> prefixes;
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (const std::string& line : lines) CheckPrefix(line, prefixes);
  CheckSet(prefixes);
  Nearest(lines.front(), lines);
}

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  faultline::Check(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
