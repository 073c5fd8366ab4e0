#include "common/document/value_reader.h"

#include <algorithm>
#include <unordered_map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/duration.h"
#include "common/name.h"

namespace faultline {
namespace {

using Kind = DocumentValue::Kind;

absl::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kNothing:
      return "empty";
    case Kind::kText:
      return "a single value";
    case Kind::kList:
      return "a list";
    case Kind::kMapping:
      return "a mapping";
  }
  return "unknown";
}

bool CheckKind(const DocumentValue& value, Kind kind, absl::string_view what, absl::string_view expected,
               TextErrors& errors) {
  if (value.kind == kind) return true;
  errors.Add(value.position, absl::StrCat(what, " must be ", expected, ", but it is ", KindName(value.kind)));
  return false;
}

std::string PositionText(SourcePosition position) { return absl::StrCat(position.line, ":", position.column); }

}  // namespace

std::optional<std::string> ReadText(const DocumentValue& value, absl::string_view what, TextErrors& errors) {
  if (!CheckKind(value, Kind::kText, what, "a text", errors)) return std::nullopt;
  return value.text;
}

std::optional<std::string> ReadName(const DocumentValue& value, absl::string_view what, TextErrors& errors) {
  if (!CheckKind(value, Kind::kText, what, "a text", errors)) return std::nullopt;
  const absl::Status status = CheckName(value.text, what);
  if (status.ok()) return value.text;
  errors.Add(value.position, status.message());
  return std::nullopt;
}

std::optional<Duration> ReadDuration(const DocumentValue& value, absl::string_view what, TextErrors& errors) {
  if (!CheckKind(value, Kind::kText, what, "a duration such as 30s", errors)) return std::nullopt;
  const absl::StatusOr<Duration> duration = ParseDuration(value.text);
  if (duration.ok()) return *duration;
  errors.Add(value.position, absl::StrCat(what, ": ", duration.status().message()));
  return std::nullopt;
}

std::optional<std::uint64_t> ReadNumber(const DocumentValue& value, absl::string_view what, TextErrors& errors) {
  if (!CheckKind(value, Kind::kText, what, "a whole number", errors)) return std::nullopt;
  std::uint64_t number = 0;
  const bool digits = value.text.find_first_not_of("0123456789") == std::string::npos;
  if (digits && absl::SimpleAtoi(value.text, &number)) return number;
  errors.Add(value.position,
             absl::StrCat(what, " must be a whole number from 0 to 18446744073709551615, not '", value.text, "'"));
  return std::nullopt;
}

std::span<const DocumentPtr> ReadList(const DocumentValue& value, absl::string_view what, TextErrors& errors) {
  if (!CheckKind(value, Kind::kList, what, "a list", errors)) return {};
  if (value.items.empty()) errors.Add(value.position, absl::StrCat(what, " is an empty list"));
  return value.items;
}

std::vector<Field> ReadFields(const DocumentValue& value, absl::string_view what, TextErrors& errors) {
  if (!CheckKind(value, Kind::kMapping, what, "a mapping", errors)) return {};
  if (value.entries.empty()) errors.Add(value.position, absl::StrCat(what, " is an empty mapping"));
  std::vector<Field> fields;
  std::unordered_map<std::string, SourcePosition> seen;
  for (const auto& [key, entry] : value.entries) {
    if (!CheckKind(*key, Kind::kText, absl::StrCat("a key of ", what), "a text", errors)) continue;
    const auto [first, fresh] = seen.try_emplace(key->text, key->position);
    if (fresh) {
      fields.push_back({key->text, key.get(), entry.get()});
    } else {
      errors.Add(key->position,
                 absl::StrCat("duplicate key '", key->text, "'; it is already at ", PositionText(first->second)));
    }
  }
  return fields;
}

Record::Record(const DocumentValue& value, absl::string_view what, std::span<const std::string> known,
               TextErrors& errors)
    : what_(what), position_(value.position), fields_(ReadFields(value, what, errors)) {
  for (const Field& field : fields_) {
    if (std::find(known.begin(), known.end(), field.name) != known.end()) continue;
    std::string help = errors.Suggest(field.name, known);
    if (help.empty()) help = absl::StrCat("; expected: ", absl::StrJoin(known, ", "));
    errors.Add(field.key->position, absl::StrCat("unknown key '", field.name, "' in ", what, help));
  }
}

const DocumentValue* Record::Find(absl::string_view name) const {
  const auto found =
      std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) { return field.name == name; });
  return found == fields_.end() ? nullptr : found->value;
}

const DocumentValue* Record::Require(absl::string_view name, absl::string_view expectation, TextErrors& errors) const {
  const DocumentValue* value = Find(name);
  if (value == nullptr && valid()) {
    errors.Add(position_, absl::StrCat(what_, " has no '", name, "'; ", expectation));
  }
  return value;
}

}  // namespace faultline
