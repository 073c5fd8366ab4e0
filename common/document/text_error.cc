#include "common/document/text_error.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/edit_distance.h"

namespace faultline {
namespace {

std::string OneLine(absl::string_view message) {
  constexpr std::size_t kLongest = 400;
  const auto inside_letter = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  std::size_t length = std::min(message.size(), kLongest);
  while (length < message.size() && length > 0 && inside_letter(message[length])) --length;
  std::string line = absl::StrCat(message.substr(0, length), length < message.size() ? "..." : "");
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
  return line;
}

bool Before(const TextError& a, const TextError& b) {
  return std::pair(a.position.line, a.position.column) < std::pair(b.position.line, b.position.column);
}

}  // namespace

std::string TextError::ToString(absl::string_view file_name) const {
  if (position.line > 0) return absl::StrCat(file_name, ":", position.line, ":", position.column, ": ", message);
  return file_name.empty() ? message : absl::StrCat(file_name, ": ", message);
}

void TextErrors::Add(SourcePosition position, absl::string_view message) { AddAt(Locate(position), message); }

void TextErrors::AddAt(const Place& place, absl::string_view message) {
  if (place.muted) return;
  if (full()) {
    ++dropped_;
    return;
  }
  errors_.push_back({place.position, OneLine(absl::StrCat(place.file, message, place.note))});
}

TextErrors::Place TextErrors::Locate(SourcePosition position) const {
  Place place{position, "", "", false};
  if (const auto remark = text_.remarks.find({position.line, position.column}); remark != text_.remarks.end()) {
    place.note = remark->second.note;
    place.muted = remark->second.muted;
  }
  if (text_.file.empty()) return place;
  place.position = text_.place;
  place.file = absl::StrCat(text_.file, ":", position.line, ":", position.column, ": ");
  return place;
}

std::string TextErrors::Place::ToString() const {
  if (file.empty()) return absl::StrCat(position.line, ":", position.column);
  return file.substr(0, file.size() - 2);
}

void TextErrors::Note(SourcePosition position, std::string note) {
  text_.remarks[{position.line, position.column}].note = absl::StrCat(" ", note);
}

void TextErrors::Mute(SourcePosition position) { text_.remarks[{position.line, position.column}].muted = true; }

std::string TextErrors::Suggest(absl::string_view text, std::span<const std::string> candidates) const {
  constexpr std::size_t kMostSuggestions = 100;
  if (errors_.size() >= kMostSuggestions) return "";
  const std::optional<std::string> nearest = Nearest(text, candidates);
  return nearest ? absl::StrCat("; did you mean '", *nearest, "'?") : "";
}

std::vector<TextError> TextErrors::Take() {
  std::vector<TextError> errors = std::exchange(errors_, {});
  std::stable_sort(errors.begin(), errors.end(), Before);
  errors.erase(std::unique(errors.begin(), errors.end()), errors.end());
  if (dropped_ > 0) errors.push_back({errors.back().position, absl::StrCat("and ", dropped_, " more errors")});
  dropped_ = 0;
  return errors;
}

IncludedText::IncludedText(TextErrors& errors, SourcePosition place, std::string file)
    : errors_(errors), outer_(std::exchange(errors.text_, {std::move(file), place, {}})) {}

IncludedText::~IncludedText() { errors_.text_ = std::move(outer_); }

std::string JoinErrors(std::span<const TextError> errors, absl::string_view file_name) {
  return absl::StrJoin(errors, "\n", [file_name](std::string* out, const TextError& error) {
    absl::StrAppend(out, error.ToString(file_name));
  });
}

}  // namespace faultline
