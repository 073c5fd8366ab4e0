#include "controller/guard/json_field.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace faultline {
namespace {

using google::protobuf::Value;

// Null when there is none.
const Value* Child(const Value& value, absl::string_view part) {
  if (value.has_struct_value()) {
    const auto found = value.struct_value().fields().find(std::string(part));
    return found == value.struct_value().fields().end() ? nullptr : &found->second;
  }
  int index = 0;
  const bool digits = !part.empty() && part.find_first_not_of("0123456789") == part.npos;
  if (!value.has_list_value() || !digits || !absl::SimpleAtoi(part, &index)) return nullptr;
  return index < value.list_value().values_size() ? &value.list_value().values(index) : nullptr;
}

std::string TextOf(const Value& value) {
  if (value.kind_case() == Value::kStringValue) return value.string_value();
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(value, &text).ok()) return "";
  return text;
}

}  // namespace

absl::StatusOr<std::string> JsonField(const std::string& json, absl::string_view path) {
  Value root;
  if (!google::protobuf::util::JsonStringToMessage(json, &root).ok()) {
    return absl::InvalidArgumentError("the answer is no JSON");
  }
  const Value* value = &root;
  for (const absl::string_view part : absl::StrSplit(path, '.')) {
    value = Child(*value, part);
    if (value == nullptr) return absl::NotFoundError(absl::StrCat("the answer has no '", part, "' of '", path, "'"));
  }
  return TextOf(*value);
}

}  // namespace faultline
