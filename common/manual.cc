#include "common/manual.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace faultline {
namespace {

// As roff prints it: no escape, no request, and hyphens that can be copied.
std::string Roff(absl::string_view text) {
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::string escaped = absl::StrReplaceAll(absl::StripAsciiWhitespace(line), {{"\\", "\\e"}, {"-", "\\-"}});
    const bool request = absl::StartsWith(escaped, ".") || absl::StartsWith(escaped, "'");
    lines.push_back(absl::StrCat(request ? "\\&" : "", escaped));
  }
  return absl::StrJoin(lines, "\n");
}

// "--lease, -l TEXT"
std::string NamesOf(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back(absl::StrCat("-", name));
  for (const std::string& name : option.get_lnames()) names.push_back(absl::StrCat("--", name));
  std::string text = absl::StrCat("\\fB", Roff(absl::StrJoin(names, ", ")), "\\fR");
  if (option.get_items_expected_max() > 0) absl::StrAppend(&text, " \\fI", Roff(option.get_type_name()), "\\fR");
  return text;
}

void AppendOptions(const CLI::App& app, bool with_help, std::string& text) {
  for (const CLI::Option* const option : app.get_options()) {
    if (option == app.get_help_ptr() && !with_help) continue;
    const std::string name =
        option->get_positional() ? absl::StrCat("\\fI", Roff(option->get_name()), "\\fR") : NamesOf(*option);
    absl::StrAppend(&text, ".TP\n", name, "\n", Roff(option->get_description()));
    if (!option->get_default_str().empty()) {
      absl::StrAppend(&text, " (unless given: ", Roff(option->get_default_str()), ")");
    }
    absl::StrAppend(&text, "\n");
  }
}

void AppendVerb(const CLI::App& verb, const std::string& before, std::string& text) {
  const std::string name = absl::StrCat(before, verb.get_name());
  const std::vector<const CLI::App*> inner = verb.get_subcommands([](const CLI::App*) { return true; });
  // A word that does nothing by itself is told by those after it.
  if (inner.empty() || verb.get_require_subcommand_min() == 0) {
    std::string heading = name;
    for (const CLI::Option* const option : verb.get_options()) {
      if (option->get_positional()) absl::StrAppend(&heading, " ", option->get_name());
    }
    absl::StrAppend(&text, ".SS ", Roff(heading), "\n", Roff(verb.get_description()), ".\n");
    AppendOptions(verb, /*with_help=*/false, text);
    const std::string footer = verb.get_footer();
    absl::string_view example = footer;
    if (absl::ConsumePrefix(&example, "Example: ")) {
      absl::StrAppend(&text, ".PP\nExample:\n.RS\n.B ", Roff(example), "\n.RE\n");
    }
  }
  for (const CLI::App* const next : inner) AppendVerb(*next, absl::StrCat(name, " "), text);
}

}  // namespace

std::string ManualOf(const CLI::App& app) {
  std::string text = ".SH OPTIONS\n";
  AppendOptions(app, /*with_help=*/true, text);
  const std::vector<const CLI::App*> verbs = app.get_subcommands([](const CLI::App*) { return true; });
  if (!verbs.empty()) absl::StrAppend(&text, ".SH COMMANDS\n");
  for (const CLI::App* const verb : verbs) AppendVerb(*verb, "", text);
  return text;
}

}  // namespace faultline
