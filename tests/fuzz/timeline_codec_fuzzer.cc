// Any bytes as a timeline message: what decodes passes every check, and survives another trip over the wire.

#include <cstddef>
#include <cstdint>

#include "common/timeline_codec.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  faultline::v1::Timeline message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return 0;
  const absl::StatusOr<faultline::Timeline> timeline = faultline::DecodeTimeline(message);
  if (!timeline.ok()) {
    FAULTLINE_REQUIRE(timeline.status().code() == absl::StatusCode::kInvalidArgument);
    return 0;
  }
  FAULTLINE_REQUIRE(faultline::CheckTimeline(*timeline).ok());
  const faultline::v1::Timeline encoded = faultline::EncodeTimeline(*timeline);
  const absl::StatusOr<faultline::Timeline> again = faultline::DecodeTimeline(encoded);
  FAULTLINE_REQUIRE(again.ok());
  FAULTLINE_REQUIRE(*again == *timeline);
  FAULTLINE_REQUIRE(faultline::EncodeTimeline(*again).SerializeAsString() == encoded.SerializeAsString());
  return 0;
}
