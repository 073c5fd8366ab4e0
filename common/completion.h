#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace faultline {

// A word that a shell may offer, and what it means.
struct Candidate {
  std::string word;
  std::string help;
  bool operator==(const Candidate&) const = default;
};

// What may stand where the last word of a command line is being typed.
struct Completion {
  enum class Files { kNone, kAny, kPlans };
  std::vector<Candidate> candidates;
  // Beside the candidates: names of files, which the shell knows.
  Files files = Files::kNone;
};

// For the last of `words`, which are those after the program's name and may end with an empty one. Told by the options
// and verbs of `app` itself, so that it is never out of date. Values that are files have the type FILE or PLAN.
Completion Complete(const CLI::App& app, const std::vector<std::string>& words);

// As packaging/completion reads it: a line ":files" or ":plans", if any, then lines WORD, tab, HELP.
std::string CompletionText(const Completion& completion);

}  // namespace faultline
