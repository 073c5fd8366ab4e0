#include "controller/plan/sample_lists.h"

#include "absl/strings/str_cat.h"
#include "common/document/value_reader.h"
#include "controller/plan/samples.h"

namespace faultline {
namespace {

constexpr std::size_t kLongestName = 256;

}  // namespace

void SampleLists::ReadNamed(const DocumentValue& value) {
  has_named_ = true;
  for (const Field& field : ReadFields(value, "'samples'", errors_)) {
    if (!lists_.Take(field.key->position, errors_)) break;
    if (field.name.size() > kLongestName) {
      errors_.Add(field.key->position, absl::StrCat("a name of samples is longer than ", kLongestName, " characters"));
      continue;
    }
    named_.emplace(field.name, ReadList(*field.value, absl::StrCat("samples '", field.name, "'")));
    names_.push_back(field.name);
  }
}

std::optional<std::vector<Duration>> SampleLists::Read(const DocumentValue& value) {
  if (value.kind != DocumentValue::Kind::kText) return ReadList(value, "'samples'");
  if (const auto named = named_.find(value.text); named != named_.end()) return named->second;
  if (has_named_) {
    errors_.Add(value.position, absl::StrCat("no samples '", value.text, "' under the plan's 'samples'",
                                             errors_.Suggest(value.text, names_)));
  } else {
    const TextErrors::Place place = errors_.Locate(value.position);
    const std::string message = absl::StrCat(
        "samples '", value.text, "' are not in the plan; give them there as a list, or as a file to the command line");
    errors_.AddAt(place, message);
    if (!place.muted) {
      missing_.push_back({MissingFile::Kind::kSamples, value.text, value.position, message + place.note, {}, {}});
    }
  }
  return std::nullopt;
}

std::optional<std::vector<Duration>> SampleLists::ReadList(const DocumentValue& value, absl::string_view what) {
  std::vector<Duration> samples;
  bool good = true;
  const std::span<const DocumentPtr> items = faultline::ReadList(value, what, errors_);
  for (const DocumentPtr& item : items) {
    if (!samples_.Take(item->position, errors_)) return std::nullopt;
    const std::optional<Duration> sample = ReadDuration(*item, "a sample", errors_);
    if (sample) samples.push_back(*sample);
    good = good && sample;
  }
  if (!good || items.empty()) return std::nullopt;
  return ReduceSamples(std::move(samples));
}

}  // namespace faultline
