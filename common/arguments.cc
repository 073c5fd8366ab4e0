#include "common/arguments.h"

#include <algorithm>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "common/completion.h"
#include "common/edit_distance.h"
#include "common/manual.h"

namespace faultline {
namespace {

// What may be said after the words that were understood: options of all verbs typed so far, and the next verbs.
struct Vocabulary {
  std::vector<std::string> options;
  std::vector<std::string> verbs;
};

void Collect(const CLI::App& app, Vocabulary& words) {
  for (const CLI::Option* const option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.options.push_back(absl::StrCat("--", name));
  }
  const std::vector<CLI::App*> typed = app.get_subcommands();
  for (const CLI::App* const verb : typed) Collect(*verb, words);
  if (!typed.empty()) return;
  for (const CLI::App* const verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    words.verbs.push_back(verb->get_name());
  }
}

// What is for other programs than people, and so in no help: shells, and the build of the manual pages.
std::optional<std::string> Answer(const CLI::App& app, const std::vector<std::string>& words) {
  if (words.empty()) return std::nullopt;
  if (words.front() == "__complete") return CompletionText(Complete(app, {words.begin() + 1, words.end()}));
  if (words.front() == "__manual" && words.size() == 1) return ManualOf(app);
  return std::nullopt;
}

}  // namespace

std::vector<std::string> Misspelt(const CLI::App& app) {
  Vocabulary words;
  Collect(app, words);
  std::vector<std::string> lines;
  for (const std::string& argument : app.remaining(true)) {
    const std::string word = argument.substr(0, argument.find('='));
    const std::optional<std::string> meant = Nearest(word, word.starts_with('-') ? words.options : words.verbs);
    if (meant) lines.push_back(absl::StrCat("there is no '", word, "': did you mean '", *meant, "'?"));
  }
  return lines;
}

std::optional<int> ParseArguments(CLI::App& app, int argc, const char* const* argv) {
  if (const std::optional<std::string> answer = Answer(app, {argv + std::min(argc, 1), argv + argc})) {
    std::cout << *answer;
    return 0;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      for (const std::string& line : Misspelt(app)) std::cerr << line << "\n";
    }
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  return std::nullopt;
}

}  // namespace faultline
