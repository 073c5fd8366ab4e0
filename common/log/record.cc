#include "common/log/record.h"

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

// As syslog.h has them; that one would give its names to everybody.
int SyslogPriority(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return 7;
    case LogLevel::kInfo:
      return 6;
    case LogLevel::kWarning:
      return 4;
    case LogLevel::kError:
      return 3;
  }
  return 3;
}

// A value with a line end is told by its length: 64 bits, the least byte first.
void AddField(absl::string_view name, absl::string_view value, std::string& datagram) {
  if (value.empty()) return;
  if (value.find('\n') == absl::string_view::npos) {
    absl::StrAppend(&datagram, name, "=", value, "\n");
    return;
  }
  absl::StrAppend(&datagram, name, "\n");
  for (int bits = 0; bits < 64; bits += 8) {
    datagram.push_back(static_cast<char>((static_cast<std::uint64_t>(value.size()) >> bits) & 0xff));
  }
  absl::StrAppend(&datagram, value, "\n");
}

std::string Cut(std::string text) {
  const std::size_t size = text.size();
  if (size <= kLongestJournalMessage) return text;
  text.resize(kLongestJournalMessage);
  absl::StrAppend(&text, "... (cut: ", size, " bytes)");
  return text;
}

}  // namespace

std::string LogText(const LogRecord& record) {
  const LogSubject& subject = record.subject;
  std::string text;
  if (!subject.node.empty()) absl::StrAppend(&text, "node ", subject.node, ": ");
  if (!subject.run.empty()) absl::StrAppend(&text, "run ", subject.run, ": ");
  if (subject.step) absl::StrAppend(&text, "step ", *subject.step, ": ");
  absl::StrAppend(&text, record.message);
  return text;
}

std::string JournalDatagram(const LogRecord& record, const LogOrigin& origin) {
  const LogSubject& subject = record.subject;
  std::string datagram;
  AddField("MESSAGE", Cut(LogText(record)), datagram);
  AddField("PRIORITY", absl::StrCat(SyslogPriority(record.level)), datagram);
  AddField("SYSLOG_IDENTIFIER", origin.identifier, datagram);
  AddField("FAULTLINE_RUN", subject.run, datagram);
  if (subject.step) AddField("FAULTLINE_STEP", absl::StrCat(*subject.step), datagram);
  AddField("FAULTLINE_NODE", subject.node.empty() ? absl::string_view(origin.node) : subject.node, datagram);
  return datagram;
}

}  // namespace faultline
