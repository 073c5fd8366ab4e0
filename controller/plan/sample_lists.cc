#include "controller/plan/sample_lists.h"

#include "absl/strings/str_cat.h"
#include "common/document/value_reader.h"
#include "controller/plan/samples.h"

namespace faultline {

void SampleLists::ReadNamed(const DocumentValue& value) {
  has_named_ = true;
  for (const Field& field : ReadFields(value, "'samples'", errors_)) {
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
    errors_.Add(value.position, absl::StrCat("samples '", value.text,
                                             "' are not in the plan; give them there as a list, or as a file to the "
                                             "command line"));
    unknown_.push_back({value.text, value.position});
  }
  return std::nullopt;
}

std::optional<std::vector<Duration>> SampleLists::ReadList(const DocumentValue& value, absl::string_view what) {
  std::vector<Duration> samples;
  bool good = true;
  const std::span<const DocumentPtr> items = faultline::ReadList(value, what, errors_);
  for (const DocumentPtr& item : items) {
    if (!allowance_.Take(item->position, errors_)) return std::nullopt;
    const std::optional<Duration> sample = ReadDuration(*item, "a sample", errors_);
    if (sample) samples.push_back(*sample);
    good = good && sample;
  }
  if (!good || items.empty()) return std::nullopt;
  return ReduceSamples(std::move(samples));
}

}  // namespace faultline
