#include "controller/clients/operation_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace faultline {

void OperationReader::Take(absl::string_view bytes) {
  const std::size_t room = kMostOperationBytes - taken_;
  if (bytes.size() > room) {
    bytes = bytes.substr(0, room);
    output_.truncated = true;
  }
  taken_ += bytes.size();
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const absl::string_view part = bytes.substr(0, end);
    too_long_ = too_long_ || part.size() > kLongestLine - line_.size();
    if (!too_long_) line_.append(part.data(), part.size());
    if (end == bytes.npos) return;
    EndLine();
    bytes.remove_prefix(end + 1);
  }
}

OperationOutput OperationReader::Finish() && {
  // One that was cut is not judged.
  if (!output_.truncated) EndLine();
  output_.lines.set_cut(output_.truncated);
  return std::move(output_);
}

void OperationReader::EndLine() {
  if (too_long_) {
    Refuse(absl::StrCat("it is longer than ", kLongestLine, " bytes"));
  } else if (const absl::string_view line = absl::StripAsciiWhitespace(line_); !line.empty()) {
    Read(line);
  }
  line_.clear();
  too_long_ = false;
  ++number_;
}

void OperationReader::Read(absl::string_view line) {
  const absl::StatusOr<ClientLine> read = ParseClientLine(line);
  if (!read.ok()) return Refuse(read.status().message());
  if (const absl::Status added = output_.log.Add(*read); !added.ok()) return Refuse(added.message());
  v1::OperationLines& lines = output_.lines;
  switch (read->index()) {
    case 0:
      return lines.set_operations(lines.operations() + 1);
    case 1:
      return lines.set_happenings(lines.happenings() + 1);
    default:
      return lines.set_accountings(lines.accountings() + 1);
  }
}

void OperationReader::Refuse(absl::string_view why) {
  v1::OperationLines& lines = output_.lines;
  if (lines.bad() == 0) lines.set_first_bad(absl::StrCat("line ", number_, ": ", why));
  lines.set_bad(lines.bad() + 1);
}

}  // namespace faultline
