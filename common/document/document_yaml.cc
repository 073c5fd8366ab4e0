#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/document/document.h"

namespace faultline {
namespace {

// Read in about a second and a half (measured: 6 MB/s of CIDRs in lists).
constexpr std::size_t kLongestText = std::size_t{8} << 20;
// Of a text without aliases the weight is at most about twice the text's length.
constexpr std::size_t kMostAliasedWeight = std::size_t{1} << 22;
constexpr std::size_t kDeepest = 32;

SourcePosition PositionOf(const YAML::Mark& mark) {
  if (mark.line < 0 || mark.column < 0) return {1, 1};
  return {mark.line + 1, mark.column + 1};
}

// The place after the last letter.
SourcePosition EndOf(absl::string_view text) {
  const std::size_t line_start = text.rfind('\n') + 1;
  return {static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1,
          static_cast<int>(text.size() - line_start) + 1};
}

// At the end of the text the parser no longer knows its column.
SourcePosition PositionOf(const YAML::Exception& error, absl::string_view text) {
  const bool at_end = error.mark.pos >= 0 && static_cast<std::size_t>(error.mark.pos) >= text.size();
  return at_end ? EndOf(text) : PositionOf(error.mark);
}

// Builds values from the parser's events. Throws YAML::ParserException to stop the parser.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(TextErrors& errors) : errors_(errors) {}

  DocumentPtr root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_) throw YAML::ParserException(mark, "a second document begins; expected one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto value = NewValue(DocumentValue::Kind::kNothing, mark);
    // The parser puts it at whatever comes next, perhaps lines away.
    if (!unfinished_.empty() && unfinished_.back().key) value->position = unfinished_.back().key->position;
    Place(std::move(value), mark, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto named = anchors_.find(anchor);
    if (named == anchors_.end()) throw YAML::ParserException(mark, "an alias may not stand inside of what it names");
    aliased_weight_ += named->second->weight;
    if (aliased_weight_ > kMostAliasedWeight) {
      throw YAML::ParserException(mark, "aliases make the text too large; write less of it with aliases");
    }
    auto copy = std::make_shared<DocumentValue>(*named->second);
    copy->position = PositionOf(mark);
    Place(std::move(copy), mark, YAML::NullAnchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                const std::string& text) override {
    auto value = NewValue(DocumentValue::Kind::kText, mark);
    if (const std::optional<TextError> bad = FindBadText(text)) errors_.Add(value->position, bad->message);
    value->text = Printable(text);
    value->weight += text.size();
    Place(std::move(value), mark, anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(DocumentValue::Kind::kList, mark, anchor);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(DocumentValue::Kind::kMapping, mark, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  // A list or mapping whose end has not come yet.
  struct Unfinished {
    std::shared_ptr<DocumentValue> value;
    YAML::Mark mark;
    YAML::anchor_t anchor;
    // A mapping's key that waits for its value.
    DocumentPtr key;
  };

  static std::shared_ptr<DocumentValue> NewValue(DocumentValue::Kind kind, const YAML::Mark& mark) {
    auto value = std::make_shared<DocumentValue>();
    value->kind = kind;
    value->position = PositionOf(mark);
    return value;
  }

  void Open(DocumentValue::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    CheckDepth(1, mark);
    unfinished_.push_back({NewValue(kind, mark), mark, anchor, nullptr});
  }

  void Close() {
    Unfinished closed = std::move(unfinished_.back());
    unfinished_.pop_back();
    Place(std::move(closed.value), closed.mark, closed.anchor);
  }

  void CheckDepth(std::size_t depth, const YAML::Mark& mark) const {
    if (unfinished_.size() + depth > kDeepest) {
      throw YAML::ParserException(mark, absl::StrCat("values are nested more than ", kDeepest, " deep"));
    }
  }

  void Place(std::shared_ptr<DocumentValue> value, const YAML::Mark& mark, YAML::anchor_t anchor) {
    CheckDepth(value->depth, mark);
    const DocumentPtr placed = std::move(value);
    if (anchor != YAML::NullAnchor) anchors_[anchor] = placed;
    if (unfinished_.empty()) {
      root_ = placed;
      return;
    }
    Unfinished& parent = unfinished_.back();
    parent.value->weight += placed->weight;
    parent.value->depth = std::max(parent.value->depth, placed->depth + 1);
    if (parent.value->kind == DocumentValue::Kind::kList) {
      parent.value->items.push_back(placed);
    } else if (parent.key == nullptr) {
      parent.key = placed;
    } else {
      parent.value->entries.push_back({std::exchange(parent.key, nullptr), placed});
    }
  }

  TextErrors& errors_;
  DocumentPtr root_;
  std::vector<Unfinished> unfinished_;
  std::unordered_map<YAML::anchor_t, DocumentPtr> anchors_;
  std::size_t aliased_weight_ = 0;
};

DocumentPtr ParseChecked(absl::string_view text, TextErrors& errors) {
  Builder builder(errors);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    errors.Add(PositionOf(error, text), absl::StrCat("malformed YAML: ", Printable(error.msg)));
    return nullptr;
  } catch (const std::exception& error) {
    errors.Add({1, 1}, absl::StrCat("malformed YAML: ", Printable(error.what())));
    return nullptr;
  }
  if (!builder.root()) errors.Add({1, 1}, "the text is empty");
  return builder.root();
}

}  // namespace

DocumentPtr ParseDocument(absl::string_view text, TextErrors& errors) {
  if (text.size() > kLongestText) {
    errors.Add({1, 1}, absl::StrCat("the text has ", text.size(), " bytes; at most ", kLongestText, " are read"));
    return nullptr;
  }
  // Before the parser, to which some control characters mean the end of the text.
  if (const std::optional<TextError> bad = FindBadText(text)) {
    errors.Add(bad->position, bad->message);
    return nullptr;
  }
  return ParseChecked(text, errors);
}

}  // namespace faultline
