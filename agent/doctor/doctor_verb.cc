#include "agent/doctor/doctor_verb.h"

#include <google/protobuf/util/json_util.h>
#include <langinfo.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "common/examination_codec.h"

namespace faultline {
namespace {

bool IsSet(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

// As `faultline` has it: colours on a terminal that wants them, plain text in a file.
ExaminationStyle StyleOfStdout() {
  ExaminationStyle style;
  std::setlocale(LC_CTYPE, "");
  style.utf8 = std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  if (isatty(STDOUT_FILENO) != 1) return style;
  style.color = !IsSet("NO_COLOR") && IsSet("TERM") && absl::string_view(std::getenv("TERM")) != "dumb";
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) style.width = size.ws_col;
  return style;
}

std::string Json(const Examination& findings) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  // Only text that is not UTF-8 fails.
  const auto printed = google::protobuf::util::MessageToJsonString(EncodeExamination(findings), &json, options);
  return printed.ok() ? json + "\n" : "{}\n";
}

}  // namespace

int RunDoctor(const DoctorOptions& options, const DoctorShow& show) {
  // A controller that hangs up is a finding.
  signal(SIGPIPE, SIG_IGN);
  const Examination findings = ExamineNode(options);
  std::cout << (show.json ? Json(findings) : ExaminationText(findings, StyleOfStdout()));
  return WorstOf(findings) >= (show.strict ? Health::kWarning : Health::kBad) ? kSomethingBad : 0;
}

}  // namespace faultline
