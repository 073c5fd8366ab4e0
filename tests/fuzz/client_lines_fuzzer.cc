// Any bytes as what a command prints of clients: each line is counted once, and all that is kept is bounded and plain.

#include <cstddef>
#include <cstdint>

#include "common/document/document.h"
#include "controller/clients/operation_reader.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace faultline;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const WallTime origin(std::chrono::seconds(1'763'846'400));
  OperationReader whole(origin);
  OperationReader cut(origin);
  whole.Take(text);
  for (std::size_t i = 0; i < size; i += 5) cut.Take(text.substr(i, 5));
  const OperationOutput output = std::move(whole).Finish();
  const OperationOutput same = std::move(cut).Finish();
  FAULTLINE_REQUIRE(output.lines.SerializeAsString() == same.lines.SerializeAsString());
  FAULTLINE_REQUIRE(output.lines.happenings() == output.log.happenings().size());
  FAULTLINE_REQUIRE(output.lines.accountings() == output.log.accountings().size());
  FAULTLINE_REQUIRE((output.lines.bad() == 0) == output.lines.first_bad().empty());
  FAULTLINE_REQUIRE(!FindBadText(output.lines.first_bad()));
  std::uint64_t told = 0;
  for (const auto& [name, cells] : output.log.sides()) {
    FAULTLINE_REQUIRE(!name.empty() && name.size() <= kLongestSide && !FindBadText(name));
    for (const auto& [number, cell] : cells) {
      told += cell.acknowledged + cell.failed;
      FAULTLINE_REQUIRE(cell.first.has_value() == (cell.acknowledged > 0) && cell.last >= cell.first);
    }
  }
  FAULTLINE_REQUIRE(told >= output.lines.operations());
  OperationLog merged(origin + std::chrono::seconds(1));
  merged.Merge(output.log);
  FAULTLINE_REQUIRE(merged.sides().size() <= OperationLog::kMostSides);
  return 0;
}
