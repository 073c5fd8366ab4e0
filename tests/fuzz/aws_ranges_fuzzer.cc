// Any bytes as AWS's list of address ranges: what reads gives CIDRs, anything else an error in one line.

#include <cstddef>
#include <cstdint>

#include "common/document/document.h"
#include "controller/cli/aws_ranges.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  for (const faultline::AwsRangesQuery& query :
       {faultline::AwsRangesQuery{}, faultline::AwsRangesQuery{{"DYNAMODB"}, {"eu-west-2", "eu-west-3"}}}) {
    const absl::StatusOr<faultline::PrefixSet> found = faultline::ReadAwsRanges(text, query);
    if (found.ok()) {
      FAULTLINE_REQUIRE(!found->prefixes().empty());
    } else {
      FAULTLINE_REQUIRE(absl::IsInvalidArgument(found.status()) && !faultline::FindBadText(found.status().message()));
    }
  }
  return 0;
}
