// The audit log: any line is taken or refused, and whatever a caller is called and says becomes one line that reads
// back.

#include <cstddef>
#include <cstdint>

#include "controller/audit/audit_chain.h"
#include "controller/audit/audit_entry.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace faultline;
  const std::string text(reinterpret_cast<const char*>(data), size);
  AuditChain chain;
  const absl::Status taken = chain.Take(text);
  FAULTLINE_REQUIRE(!taken.ok() || chain.head().has_value() || chain.torn().has_value());

  AuditLine line{.seq = 1 + size,
                 .time = WallTime(),
                 .entry = {.who = {.name = text, .role = Role::kViewer, .from = text}, .action = text, .reason = text},
                 .torn = std::nullopt,
                 .prev = std::string(64, '0'),
                 .hash = ""};
  const std::string written = FormatAuditLine(line);
  FAULTLINE_REQUIRE(written.find_first_of("\n\r\x1b") == std::string::npos);
  const absl::StatusOr<AuditLine> read = ParseAuditLine(written);
  FAULTLINE_REQUIRE(read.ok() && read->seq == line.seq && read->hash == line.hash);
  // Longer ones may have been cut.
  constexpr std::size_t kShort = 1000;
  AuditLine again = *read;
  FAULTLINE_REQUIRE(size > kShort || FormatAuditLine(again) == written);
  return 0;
}
