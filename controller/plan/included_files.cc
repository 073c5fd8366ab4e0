#include "controller/plan/included_files.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/document/value_reader.h"
#include "controller/plan/file_name.h"
#include "controller/plan/keys.h"

namespace faultline {
namespace {

bool LeadsAway(const std::string& name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  return absl::StartsWith(name, "/") || std::find(parts.begin(), parts.end(), "..") != parts.end();
}

}  // namespace

void IncludedFiles::Read(const DocumentValue& include, const DocumentValue* included) {
  constexpr std::size_t kMostFiles = 20;
  const std::vector<const DocumentValue*> names = ReadItems(include, "'include'", errors_);
  if (names.size() > kMostFiles) {
    errors_.Add(names[kMostFiles]->position, absl::StrCat("a plan includes at most ", kMostFiles, " files"));
    return;
  }
  for (const DocumentValue* name : names) ReadFile(*name, included);
}

void IncludedFiles::ReadFile(const DocumentValue& value, const DocumentValue* included) {
  std::optional<std::string> name = ReadFileName(value, "a file to include", errors_);
  if (name && LeadsAway(*name)) {
    errors_.Add(value.position,
                absl::StrCat("'", *name,
                             "' leads out of the plan's directory; a file to include is beside the plan "
                             "or below"));
    name.reset();
  }
  complete_ = complete_ && name;
  if (!name) return;
  const auto same = [&](const File& file) { return file.name == *name; };
  if (std::any_of(files_.begin(), files_.end(), same)) {
    errors_.Add(value.position, absl::StrCat("'", *name, "' is included twice"));
    return;
  }
  const DocumentValue* text = nullptr;
  if (included != nullptr) {
    for (const auto& [key, entry] : included->entries) {
      if (key->text == *name) text = entry.get();
    }
  }
  if (text != nullptr) return ReadFileText(*name, value.position, *text);
  const std::string message =
      absl::StrCat("'", *name, "' is not in the plan; the command line puts it there from the file");
  errors_.Add(value.position, message);
  complete_ = false;
  missing_.push_back({MissingFile::Kind::kIncluded, *name, value.position, message, {}, {}});
}

void IncludedFiles::ReadFileText(const std::string& name, SourcePosition place, const DocumentValue& value) {
  File file{name, place, nullptr};
  if (const std::optional<std::string> text = ReadText(value, absl::StrCat("the text of '", name, "'"), errors_)) {
    const IncludedText inside(errors_, place, name);
    file.root = ParseDocument(*text, errors_);
    if (file.root != nullptr && !Record(*file.root, "an included file", keys::Included(), errors_).valid()) {
      file.root = nullptr;
    }
  }
  if (file.root == nullptr) {
    complete_ = false;
  } else {
    files_.push_back(std::move(file));
  }
}

void IncludedFiles::ForEach(absl::string_view key, const std::function<void(const DocumentPtr&)>& read) {
  for (const File& file : files_) {
    const auto entry = std::find_if(file.root->entries.begin(), file.root->entries.end(),
                                    [&](const DocumentValue::Entry& one) { return one.key->text == key; });
    if (entry == file.root->entries.end()) continue;
    const IncludedText inside(errors_, file.place, file.name);
    read(entry->value);
  }
}

}  // namespace faultline
