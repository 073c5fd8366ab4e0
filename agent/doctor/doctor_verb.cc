#include "agent/doctor/doctor_verb.h"

#include <langinfo.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "common/json.h"

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

const char* WordOf(Health health) {
  if (health == Health::kGood) return "HEALTH_GOOD";
  return health == Health::kWarning ? "HEALTH_WARNING" : "HEALTH_BAD";
}

// With the names of faultline.v1.Examination.
std::string Json(const Examination& findings) {
  std::vector<std::string> list;
  for (const Finding& finding : findings) {
    JsonObject object;
    object.AddText("subject", finding.subject);
    object.AddText("health", WordOf(finding.health));
    object.AddText("detail", finding.detail);
    object.AddText("mend", finding.mend);
    list.push_back(object.text());
  }
  JsonObject root;
  root.Add("findings", JsonList(list));
  return root.text() + "\n";
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
