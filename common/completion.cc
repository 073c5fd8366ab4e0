#include "common/completion.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace faultline {
namespace {

// A command line as far as it has been typed.
struct Typed {
  // The program, then its verbs; options of all of them may follow.
  std::vector<const CLI::App*> verbs;
  // The option whose value comes next, if any.
  const CLI::Option* option = nullptr;
  // Words since the last verb that are neither options nor their values.
  std::size_t arguments = 0;
  bool only_arguments = false;
};

bool TakesValue(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

const CLI::Option* FindOption(const Typed& typed, const std::string& word) {
  for (const CLI::App* const verb : typed.verbs) {
    for (const CLI::Option* const option : verb->get_options()) {
      if (!option->get_positional() && option->check_name(word)) return option;
    }
  }
  return nullptr;
}

std::vector<const CLI::App*> VerbsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* verb) { return !verb->get_name().empty(); });
}

const CLI::App* FindVerb(const CLI::App& app, const std::string& word) {
  for (const CLI::App* const verb : VerbsOf(app)) {
    if (verb->get_name() == word) return verb;
  }
  return nullptr;
}

void Take(const std::string& word, Typed& typed) {
  if (typed.option != nullptr) {
    typed.option = nullptr;
  } else if (word == "--") {
    typed.only_arguments = true;
  } else if (word.starts_with('-') && word.size() > 1 && !typed.only_arguments) {
    const CLI::Option* const option = FindOption(typed, word);
    if (option != nullptr && TakesValue(*option)) typed.option = option;
  } else if (const CLI::App* const verb = FindVerb(*typed.verbs.back(), word);
             verb != nullptr && typed.arguments == 0) {
    typed.verbs.push_back(verb);
  } else {
    ++typed.arguments;
  }
}

Completion::Files FilesFor(const CLI::Option& option) {
  if (option.get_type_name() == "PLAN") return Completion::Files::kPlans;
  return option.get_type_name() == "FILE" ? Completion::Files::kAny : Completion::Files::kNone;
}

// The argument in that place; the last one may be given again, where several are wanted.
const CLI::Option* ArgumentAt(const CLI::App& app, std::size_t place) {
  const CLI::Option* last = nullptr;
  for (const CLI::Option* const option : app.get_options()) {
    if (!option->get_positional()) continue;
    if (place-- == 0) return option;
    last = option;
  }
  return last != nullptr && last->get_items_expected_max() > 1 ? last : nullptr;
}

void Offer(const std::string& word, const std::string& help, const std::string& start, Completion& completion) {
  if (!absl::StartsWith(word, start)) return;
  const std::string line = absl::StrReplaceAll(help, {{"\n", " "}, {"\t", " "}});
  completion.candidates.push_back({word, line});
}

void OfferOptions(const Typed& typed, const std::string& start, Completion& completion) {
  for (auto verb = typed.verbs.rbegin(); verb != typed.verbs.rend(); ++verb) {
    for (const CLI::Option* const option : (*verb)->get_options()) {
      // Each verb has the same help.
      if (verb != typed.verbs.rbegin() && option == (*verb)->get_help_ptr()) continue;
      for (const std::string& name : option->get_lnames()) {
        Offer(absl::StrCat("--", name), option->get_description(), start, completion);
      }
    }
  }
}

}  // namespace

Completion Complete(const CLI::App& app, const std::vector<std::string>& words) {
  Completion completion;
  if (words.empty()) return completion;
  Typed typed{.verbs = {&app}};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) Take(words[i], typed);
  const std::string& start = words.back();
  const CLI::App& verb = *typed.verbs.back();
  if (typed.option != nullptr) {
    completion.files = FilesFor(*typed.option);
    return completion;
  }
  if (start.starts_with('-') && !typed.only_arguments) {
    OfferOptions(typed, start, completion);
    return completion;
  }
  if (typed.arguments == 0) {
    for (const CLI::App* const next : VerbsOf(verb)) {
      Offer(next->get_name(), next->get_description(), start, completion);
    }
  }
  if (const CLI::Option* const argument = ArgumentAt(verb, typed.arguments)) completion.files = FilesFor(*argument);
  return completion;
}

std::string CompletionText(const Completion& completion) {
  std::string text;
  if (completion.files == Completion::Files::kAny) text = ":files\n";
  if (completion.files == Completion::Files::kPlans) text = ":plans\n";
  for (const Candidate& candidate : completion.candidates) {
    absl::StrAppend(&text, candidate.word, "\t", candidate.help, "\n");
  }
  return text;
}

}  // namespace faultline
