#include "controller/plan/cidr_reader.h"

#include "common/document/value_reader.h"

namespace faultline {

PrefixSet CidrReader::Read(const DocumentValue& value, absl::string_view what) {
  std::vector<Prefix> prefixes;
  for (const DocumentValue* item : ReadItems(value, what, errors_)) {
    if (!allowance_.Take(item->position, errors_)) break;
    const std::optional<std::string> text = ReadText(*item, "a CIDR", errors_);
    if (!text) continue;
    const absl::StatusOr<Prefix> prefix = Prefix::Parse(*text);
    if (prefix.ok()) {
      prefixes.push_back(*prefix);
    } else {
      errors_.Add(item->position, prefix.status().message());
    }
  }
  return PrefixSet(std::move(prefixes));
}

}  // namespace faultline
