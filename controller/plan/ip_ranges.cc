#include "controller/plan/ip_ranges.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/document/value_reader.h"
#include "controller/plan/file_name.h"

namespace faultline {

void IpRanges::ReadAnswers(const DocumentValue& value) {
  for (const DocumentPtr& item : ReadList(value, "'ip_ranges'", errors_)) {
    std::optional<Query> query = ReadQuery(*item, "one of 'ip_ranges'", keys::IpRanges());
    const DocumentValue& cidrs = FindPath(*item, "cidrs");
    if (&cidrs == item.get() || !query) continue;
    answers_.push_back({*std::move(query), cidrs_.Read(cidrs, "'cidrs'")});
  }
}

PrefixSet IpRanges::Read(const DocumentValue& value) {
  const std::optional<Query> query = ReadQuery(value, "'aws_ip_ranges'", keys::AwsIpRanges());
  if (!query) return PrefixSet();
  const auto answer =
      std::find_if(answers_.begin(), answers_.end(), [&](const Answer& one) { return one.query == *query; });
  if (answer != answers_.end()) return answer->cidrs;
  const SourcePosition position = FindPath(value, "file").position;
  const std::string message = absl::StrCat("the address ranges of '", query->file,
                                           "' are not in the plan; the command line puts them there from the file");
  const TextErrors::Place place = errors_.Locate(position);
  errors_.AddAt(place, message);
  if (place.muted) return PrefixSet();
  missing_.push_back({MissingFile::Kind::kIpRanges, query->file, place.position,
                      absl::StrCat(place.file, message, place.note), query->services, query->regions});
  return PrefixSet();
}

std::optional<IpRanges::Query> IpRanges::ReadQuery(const DocumentValue& value, absl::string_view what, Words keys) {
  const Record record(value, what, keys, errors_);
  const DocumentValue* file =
      record.Require("file", "name the file that the cloud publishes, for example 'file: ip-ranges.json'", errors_);
  if (file == nullptr) return std::nullopt;
  const std::optional<std::string> name = ReadFileName(*file, "'file'", errors_);
  Query query{name.value_or(""), ReadWords(record.Find("service"), "'service'"),
              ReadWords(record.Find("region"), "'region'")};
  if (!name) return std::nullopt;
  return query;
}

std::vector<std::string> IpRanges::ReadWords(const DocumentValue* value, absl::string_view what) {
  std::vector<std::string> words;
  if (value == nullptr) return words;
  for (const DocumentValue* item : ReadItems(*value, what, errors_)) {
    const std::optional<std::string> word = ReadText(*item, what, errors_);
    if (word && word->empty()) errors_.Add(item->position, absl::StrCat(what, " is empty; leave it out for any"));
    if (word && !word->empty()) words.push_back(*word);
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

}  // namespace faultline
