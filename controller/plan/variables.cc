#include "controller/plan/variables.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/document/value_reader.h"
#include "common/name.h"

namespace faultline {
namespace {

using Kind = DocumentValue::Kind;

constexpr std::size_t kMostVariables = 1000;
constexpr std::size_t kLongestNote = 60;
// Of the variables of one text only so many are noted.
constexpr int kMostNoted = 3;

std::string NoteOf(absl::string_view name, absl::string_view value) {
  const bool cut = value.size() > kLongestNote;
  return absl::StrCat("(${", name, "} is '", Printable(value.substr(0, kLongestNote)), cut ? "..." : "", "')");
}

// Whether Fill would look for a variable in it.
bool NamesVariable(absl::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] != '$') continue;
    if (text[i + 1] == '{') return true;
    if (text[i + 1] == '$') ++i;
  }
  return false;
}

}  // namespace

void Variables::Declare(const DocumentValue& value) {
  for (const Field& field : ReadFields(value, "'vars'", errors_)) {
    if (variables_.size() >= kMostVariables) {
      errors_.Add(field.key->position, absl::StrCat("a plan has at most ", kMostVariables, " variables"));
      return;
    }
    if (!ReadName(*field.key, "variable name", errors_)) continue;
    const auto [variable, fresh] = variables_.try_emplace(field.name);
    if (!fresh) {
      errors_.Add(field.key->position, absl::StrCat("variable '", field.name, "' is declared twice: also at ",
                                                    variable->second.place.ToString()));
      continue;
    }
    variable->second.place = errors_.Locate(field.key->position);
    if (field.value->kind == Kind::kNothing) continue;
    variable->second.value = ReadText(*field.value, absl::StrCat("variable '", field.name, "'"), errors_);
    if (variable->second.value && NamesVariable(*variable->second.value)) {
      errors_.Add(field.value->position,
                  absl::StrCat("variable '", field.name, "': the value of a variable may not contain another"));
      variable->second.value.reset();
      nested_ = true;
    }
    variable->second.bad = !variable->second.value;
  }
}

void Variables::Set(const DocumentValue& value, SourcePosition vars) {
  for (const Field& field : ReadFields(value, "'set'", errors_)) {
    const auto variable = variables_.find(field.name);
    if (variable == variables_.end()) {
      if (!complete_) continue;
      errors_.Add(vars, absl::StrCat("'", field.name, "' is set, but the plan has no such variable",
                                     errors_.Suggest(field.name, Names())));
      continue;
    }
    const std::optional<std::string> text =
        ReadText(*field.value, absl::StrCat("what '", field.name, "' is set to"), errors_);
    variable->second.value = text;
    variable->second.bad = !text;
  }
}

DocumentPtr Variables::Fill(const DocumentPtr& value) {
  if (value->kind == Kind::kText) return FillText(value);
  if (value->kind == Kind::kNothing) return value;
  if (const auto filled = filled_.find(value.get()); filled != filled_.end()) return filled->second;
  const DocumentPtr filled = FillParts(value);
  filled_.emplace(value.get(), filled);
  seen_.push_back(value);
  return filled;
}

DocumentPtr Variables::FillParts(const DocumentPtr& value) {
  std::shared_ptr<DocumentValue> copy;
  const auto writable = [&]() -> DocumentValue& {
    if (!copy) copy = std::make_shared<DocumentValue>(*value);
    return *copy;
  };
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    DocumentPtr item = Fill(value->items[i]);
    if (item != value->items[i]) writable().items[i] = std::move(item);
  }
  for (std::size_t i = 0; i < value->entries.size(); ++i) {
    DocumentPtr entry = Fill(value->entries[i].value);
    if (entry != value->entries[i].value) writable().entries[i].value = std::move(entry);
  }
  return copy ? copy : value;
}

DocumentPtr Variables::FillText(const DocumentPtr& value) {
  absl::string_view rest = value->text;
  if (rest.find('$') == absl::string_view::npos) return value;
  auto filled = std::make_shared<DocumentValue>(*value);
  filled->text.clear();
  std::string note;
  int noted = 0;
  for (std::size_t dollar = rest.find('$'); dollar != absl::string_view::npos; dollar = rest.find('$')) {
    absl::StrAppend(&filled->text, rest.substr(0, dollar));
    rest.remove_prefix(dollar + 1);
    if (!absl::ConsumePrefix(&rest, "{")) {
      absl::ConsumePrefix(&rest, "$");
      filled->text += '$';
      continue;
    }
    const std::size_t end = rest.find('}');
    if (end == absl::string_view::npos) {
      errors_.Add(value->position, "'${' has no '}'; write ${name}, or '$$' for a plain '$'");
      errors_.Mute(value->position);
      return filled;
    }
    const std::string name(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    const std::optional<std::string> text = Take(name, value->position);
    absl::StrAppend(&filled->text, text.value_or(""));
    if (text && noted++ < kMostNoted) absl::StrAppend(&note, note.empty() ? "" : " ", NoteOf(name, *text));
  }
  absl::StrAppend(&filled->text, rest);
  if (!note.empty()) errors_.Note(value->position, note);
  return filled;
}

std::optional<std::string> Variables::Take(const std::string& name, SourcePosition position) {
  const auto variable = variables_.find(name);
  if (variable == variables_.end()) {
    if (!complete_) errors_.Mute(position);
    if (errors_.full() || errors_.Locate(position).muted) return std::nullopt;
    const std::vector<std::string> names = Names();
    std::string help = errors_.Suggest(name, names);
    if (help.empty()) help = names.empty() ? "; the plan has no 'vars'" : "; it is not among the plan's 'vars'";
    errors_.Add(position, absl::StrCat("unknown variable '", name.substr(0, kLongestNote), "'", help));
    errors_.Mute(position);
    return std::nullopt;
  }
  variable->second.used = true;
  if (!variable->second.value) {
    errors_.Mute(position);
    return std::nullopt;
  }
  bytes_ += variable->second.value->size();
  if (bytes_ <= kMostFilled) return variable->second.value;
  if (!too_many_) {
    errors_.Add(position,
                absl::StrCat("variables make the text too large: at most ", kMostFilled, " bytes are filled in"));
  }
  too_many_ = true;
  errors_.Mute(position);
  return std::nullopt;
}

void Variables::CheckAll() {
  if (!complete_) return;
  for (const auto& [name, variable] : variables_) {
    if (variable.bad) continue;
    if (!variable.used && nested_) continue;
    if (!variable.used) {
      errors_.AddAt(variable.place, absl::StrCat("variable '", name, "' is used nowhere; write ${", name,
                                                 "} where it belongs, or leave it out"));
    } else if (!variable.value) {
      errors_.AddAt(variable.place, absl::StrCat("variable '", name, "' has no value; give it one with --set ", name,
                                                 "=..., or here as a default"));
    }
  }
}

std::map<std::string, std::string> Variables::Values() const {
  std::map<std::string, std::string> values;
  for (const auto& [name, variable] : variables_) {
    if (variable.value) values.emplace(name, *variable.value);
  }
  return values;
}

std::vector<std::string> Variables::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, variable] : variables_) names.push_back(name);
  return names;
}

}  // namespace faultline
