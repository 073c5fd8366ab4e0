#include "common/document/value_reader.h"

#include <algorithm>
#include <unordered_map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/duration.h"
#include "common/edit_distance.h"
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

// A single value by its parser, whose message says what is wrong.
template <typename T>
std::optional<T> ReadParsed(const DocumentValue& value, absl::string_view what, absl::string_view expected,
                            absl::StatusOr<T> (*parse)(absl::string_view), TextErrors& errors) {
  if (!CheckKind(value, Kind::kText, what, expected, errors)) return std::nullopt;
  const absl::StatusOr<T> parsed = parse(value.text);
  if (parsed.ok()) return *parsed;
  errors.Add(value.position, absl::StrCat(what, ": ", parsed.status().message()));
  return std::nullopt;
}

// "a, b or c".
std::string AnyOf(std::span<const std::string> words) {
  return absl::StrCat(absl::StrJoin(words.first(words.size() - 1), ", "), words.size() > 1 ? " or " : "", words.back());
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
  return ReadParsed(value, what, "a duration such as 30s", ParseDuration, errors);
}

std::optional<Ratio> ReadRatio(const DocumentValue& value, absl::string_view what, TextErrors& errors) {
  return ReadParsed(value, what, "a ratio such as 1%", ParseRatio, errors);
}

std::optional<BitRate> ReadBitRate(const DocumentValue& value, absl::string_view what, TextErrors& errors) {
  return ReadParsed(value, what, "a rate such as 10mbit", ParseBitRate, errors);
}

std::optional<std::uint64_t> ReadBytes(const DocumentValue& value, absl::string_view what, TextErrors& errors) {
  return ReadParsed(value, what, "a size such as 64kb", ParseBytes, errors);
}

std::optional<std::uint64_t> ReadNumber(const DocumentValue& value, absl::string_view what, TextErrors& errors,
                                        std::uint64_t least, std::uint64_t most) {
  if (!CheckKind(value, Kind::kText, what, "a whole number", errors)) return std::nullopt;
  std::uint64_t number = 0;
  const bool digits = value.text.find_first_not_of("0123456789") == std::string::npos;
  if (digits && absl::SimpleAtoi(value.text, &number) && number >= least && number <= most) return number;
  errors.Add(value.position,
             absl::StrCat(what, " must be a whole number from ", least, " to ", most, ", not '", value.text, "'"));
  return std::nullopt;
}

std::optional<std::size_t> ReadWord(const DocumentValue& value, absl::string_view what,
                                    std::span<const std::string> words, TextErrors& errors) {
  const std::string expected = AnyOf(words);
  if (!CheckKind(value, Kind::kText, what, expected, errors)) return std::nullopt;
  const auto found = std::find(words.begin(), words.end(), value.text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  errors.Add(value.position,
             absl::StrCat(what, " must be ", expected, ", not '", value.text, "'", errors.Suggest(value.text, words)));
  return std::nullopt;
}

std::span<const DocumentPtr> ReadList(const DocumentValue& value, absl::string_view what, TextErrors& errors) {
  if (!CheckKind(value, Kind::kList, what, "a list", errors)) return {};
  if (value.items.empty()) errors.Add(value.position, absl::StrCat(what, " is an empty list"));
  return value.items;
}

std::vector<const DocumentValue*> ReadItems(const DocumentValue& value, absl::string_view what, TextErrors& errors) {
  if (value.kind == Kind::kText) return {&value};
  std::vector<const DocumentValue*> items;
  if (!CheckKind(value, Kind::kList, what, "a single value or a list", errors)) return items;
  for (const DocumentPtr& item : ReadList(value, what, errors)) items.push_back(item.get());
  return items;
}

const DocumentValue& FindPath(const DocumentValue& value, absl::string_view path) {
  const DocumentValue* place = &value;
  for (const absl::string_view key : absl::StrSplit(path, '.')) {
    const auto found = std::find_if(place->entries.begin(), place->entries.end(),
                                    [&](const DocumentValue::Entry& entry) { return entry.key->text == key; });
    if (found == place->entries.end()) break;
    place = found->value.get();
  }
  return *place;
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
    const bool merge = field.name == "<<";
    std::string help =
        merge ? "; YAML's merge keys are not read, write its keys out" : errors.Suggest(field.name, known);
    if (help.empty()) {
      help = absl::StrCat("; expected: ", absl::StrJoin(known, ", "));
    } else if (!merge) {
      meant_.push_back(*Nearest(field.name, known));
    }
    any_meant_ = any_meant_ || merge || value.entries.size() == 1;
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
  if (value == nullptr && valid() && !MayBe(name)) {
    errors.Add(position_, absl::StrCat(what_, " has no '", name, "'; ", expectation));
  }
  return value;
}

bool Record::MayBe(absl::string_view name) const {
  return any_meant_ || std::find(meant_.begin(), meant_.end(), name) != meant_.end();
}

}  // namespace faultline
