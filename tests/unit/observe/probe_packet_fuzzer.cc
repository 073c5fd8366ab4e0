#include <algorithm>
#include <cstdlib>

#include "agent/observe/probe_packet.h"

// Whatever decodes must encode to the very same bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  const auto packet = faultline::DecodeProbePacket(bytes);
  if (packet && !std::ranges::equal(faultline::EncodeProbePacket(*packet), bytes)) std::abort();
  return 0;
}
