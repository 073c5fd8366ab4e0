// Any bytes as the kernel's notifications: never a crash, and nothing is told of a table that is not ours.

#include <cstring>
#include <vector>

#include "agent/kernel/foreign_change.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace faultline;
  // Aligned as the kernel's are, and exactly as long.
  std::vector<std::uint32_t> words((size + 3) / 4);
  if (size > 0) std::memcpy(words.data(), data, size);
  const std::span<const std::uint8_t> datagram(reinterpret_cast<const std::uint8_t*>(words.data()), size);
  const NetlinkPorts own{.netfilter = 7, .route = 8};
  const std::vector<ForeignChange> tables = ReadNftNotices(datagram, own);
  for (const ForeignChange& change : tables) FAULTLINE_REQUIRE(change.table && change.device == 0);
  const std::vector<ForeignChange> devices = ReadRouteNotices(datagram, own);
  for (const ForeignChange& change : devices) FAULTLINE_REQUIRE(!change.table && !change.run);
  FAULTLINE_REQUIRE(Condense(tables).size() <= tables.size());
  return 0;
}
