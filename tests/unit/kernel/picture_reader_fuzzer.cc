// Any bytes as the kernel's answers to what is there: never a crash, and keys are always printable.

#include <cctype>
#include <cstring>
#include <vector>

#include "agent/kernel/nl_reply.h"
#include "agent/kernel/picture_reader.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace faultline;
  constexpr absl::Status (PictureReader::*kReaders[])(PictureReader::Message) = {
      &PictureReader::AddTable,  &PictureReader::AddChain, &PictureReader::AddSet,   &PictureReader::AddRule,
      &PictureReader::AddDevice, &PictureReader::AddQdisc, &PictureReader::AddFilter};
  // Aligned as the kernel's are, and exactly as long.
  std::vector<std::uint32_t> words((size + 3) / 4);
  if (size > 0) std::memcpy(words.data(), data, size);
  const auto replies = ReadReplies({reinterpret_cast<const std::uint8_t*>(words.data()), size});
  if (!replies.ok()) return 0;
  PictureReader reader;
  for (const auto read : kReaders) {
    for (const NlReply& reply : *replies) (reader.*read)(reply.bytes).IgnoreError();  // Most are not what it reads.
  }
  for (const auto& [key, thing] : reader.Take().things) {
    for (const char letter : key) FAULTLINE_REQUIRE(std::isprint(static_cast<unsigned char>(letter)) != 0);
  }
  return 0;
}
