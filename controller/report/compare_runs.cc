#include "controller/report/compare_runs.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/report/figure_text.h"
#include "controller/report/group_pairs.h"
#include "controller/report/run_figures.h"
#include "controller/report/run_words.h"
#include "controller/report/tcp_words.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

// Of every link, when there are no groups to tell apart.
constexpr absl::string_view kEveryLink = "every link";

// The same thing of two runs; null where one has it not.
template <typename Item>
struct Matched {
  std::string name;
  const Item* a = nullptr;
  const Item* b = nullptr;
};

// By name, in the order in which either run has them, those of the first first. Where a name comes again it is
// numbered: "between", "between 2".
template <typename List, typename NameOf>
std::vector<Matched<typename List::value_type>> Match(const List& a, const List& b, NameOf name_of) {
  std::vector<Matched<typename List::value_type>> all;
  std::map<std::string, std::size_t> places;
  for (const List* list : {&a, &b}) {
    std::map<std::string, int> seen;
    for (const auto& item : *list) {
      const std::string name = name_of(item);
      const int number = ++seen[name];
      const std::string key = number == 1 ? name : absl::StrCat(name, " ", number);
      const auto [place, fresh] = places.try_emplace(key, all.size());
      if (fresh) all.push_back({.name = key});
      (list == &a ? all[place->second].a : all[place->second].b) = &item;
    }
  }
  return all;
}

// What was seen of a direction between two groups, or of all, both IP versions together.
struct LinkFigures {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  Duration sum_delay{0};
  std::int64_t timed = 0;

  std::string Lost() const {
    if (sent == 0) return "";
    return ShortShare(std::max(0.0, 1 - static_cast<double>(received) / static_cast<double>(sent)));
  }
  std::string Delay() const { return timed == 0 ? "" : MillisecondsText(sum_delay / timed); }
};

using Links = std::map<std::string, LinkFigures>;

Links LinksOf(const v1::StageVerdict& stage, const std::vector<GroupPair>& pairs) {
  Links links;
  for (const v1::EdgeVerdict& edge : stage.edges()) {
    std::vector<std::string> names;
    for (const GroupPair& pair : pairs) {
      if (std::ranges::binary_search(pair.senders, edge.from()) &&
          std::ranges::binary_search(pair.receivers, edge.to())) {
        names.push_back(absl::StrCat(pair.from, " → ", pair.to));
      }
    }
    if (pairs.empty()) names.emplace_back(kEveryLink);
    for (const std::string& name : names) {
      LinkFigures& link = links[name];
      link.sent += edge.sent();
      link.received += edge.received();
      const std::optional<Duration> delay = Decoded(edge.mean_delay());
      if (!edge.has_mean_delay() || !delay) continue;
      link.sum_delay += *delay;
      ++link.timed;
    }
  }
  return links;
}

std::string AgentsOf(const v1::Run& run) {
  std::set<std::string> versions;
  for (const v1::NodeRun& node : run.nodes()) versions.insert(node.agent_version());
  versions.erase("");
  return absl::StrJoin(versions, " ");
}

std::string KernelsOf(const v1::Run& run) {
  std::set<std::string> kernels;
  for (const v1::NodeRun& node : run.nodes()) kernels.insert(node.kernel_release());
  kernels.erase("");
  return absl::StrJoin(kernels, " ");
}

class Comparer {
 public:
  Comparer(const v1::Run& a, const v1::Run& b) : a_(a), b_(b), a_pairs_(GroupPairsOf(a)), b_pairs_(GroupPairsOf(b)) {}

  Comparison Compare() {
    comparison_.a = a_.id();
    comparison_.b = b_.id();
    CompareWhole();
    CompareSteps();
    CompareStages();
    CompareExpectations();
    return std::move(comparison_);
  }

 private:
  void Verdict(const std::string& part, const std::string& what, std::string a, std::string b, bool differs) {
    comparison_.rows.push_back({part, what, std::move(a), std::move(b), differs, true});
  }
  void Made(const std::string& what, std::string a, std::string b) {
    const bool differs = a != b;
    comparison_.rows.push_back({"run", what, std::move(a), std::move(b), differs, false});
  }
  void Measured(const std::string& part, const std::string& what, std::string a, std::string b) {
    if (!a.empty() || !b.empty()) comparison_.rows.push_back({part, what, std::move(a), std::move(b), false, false});
  }

  void CompareWhole() {
    const std::string a(WordOf(a_));
    const std::string b(WordOf(b_));
    Verdict("run", "verdict", a, b, a != b);
    Made("plan", a_.plan_name(), b_.plan_name());
    if (a_.plan_text() != b_.plan_text()) Made("plan's text", "one", "another");
    Made("seed", absl::StrCat(a_.seed()), absl::StrCat(b_.seed()));
    Made("nodes", absl::StrCat(a_.nodes_size()), absl::StrCat(b_.nodes_size()));
    Made("controller", a_.controller_version(), b_.controller_version());
    Made("agents", AgentsOf(a_), AgentsOf(b_));
    Made("kernels", KernelsOf(a_), KernelsOf(b_));
  }

  void CompareSteps() {
    const std::vector<StepFigures> a_steps = FiguresOf(a_);
    const std::vector<StepFigures> b_steps = FiguresOf(b_);
    for (const auto& [name, a, b] : Match(a_steps, b_steps, [](const StepFigures& step) { return step.name; })) {
      const auto text = [](const StepFigures* step, std::optional<Duration> StepFigures::*figure) {
        return step == nullptr || !(step->*figure) ? "" : MillisecondsText(step->*figure);
      };
      const std::string part = absl::StrCat("step ", name);
      const auto seen = [](const StepFigures* step, std::optional<ObservedFigures> StepFigures::*figures) {
        return step == nullptr || !(step->*figures) || !(step->*figures)->within
                   ? ""
                   : absl::StrCat("<= ", MillisecondsText((step->*figures)->within));
      };
      Measured(part, "took in", text(a, &StepFigures::fired_late), text(b, &StepFigures::fired_late));
      Measured(part, "healed in", text(a, &StepFigures::healed_late), text(b, &StepFigures::healed_late));
      Measured(part, "took in, as packets met it", seen(a, &StepFigures::observed_fired),
               seen(b, &StepFigures::observed_fired));
      Measured(part, "healed in, as packets met it", seen(a, &StepFigures::observed_healed),
               seen(b, &StepFigures::observed_healed));
      Measured(part, "start skew", text(a, &StepFigures::skew), text(b, &StepFigures::skew));
    }
  }

  void CompareStages() {
    const auto name_of = [](const v1::StageVerdict& stage) { return stage.name(); };
    for (const auto& [name, a, b] : Match(a_.stages(), b_.stages(), name_of)) {
      const std::string part = absl::StrCat("stage ", name);
      const auto text = [](const v1::StageVerdict* stage) {
        return stage == nullptr ? "never observed" : StageText(*stage);
      };
      Verdict(part, "verdict", text(a), text(b), a == nullptr || b == nullptr || a->agrees() != b->agrees());
      CompareConnections(part, a == nullptr ? std::vector<TcpGroup>() : TcpGroupsOf(*a),
                         b == nullptr ? std::vector<TcpGroup>() : TcpGroupsOf(*b));
      CompareLinks(part, a == nullptr ? Links() : LinksOf(*a, a_pairs_),
                   b == nullptr ? Links() : LinksOf(*b, b_pairs_));
    }
  }

  void CompareLinks(const std::string& part, const Links& a, const Links& b) {
    for (const auto& [name, a_link, b_link] : Match(a, b, [](const Links::value_type& link) { return link.first; })) {
      const LinkFigures a_figures = a_link == nullptr ? LinkFigures() : a_link->second;
      const LinkFigures b_figures = b_link == nullptr ? LinkFigures() : b_link->second;
      Measured(part, absl::StrCat(name, " lost"), a_figures.Lost(), b_figures.Lost());
      Measured(part, absl::StrCat(name, " delay"), a_figures.Delay(), b_figures.Delay());
    }
  }

  void CompareConnections(const std::string& part, const std::vector<TcpGroup>& a, const std::vector<TcpGroup>& b) {
    const auto name_of = [](const TcpGroup& group) {
      return absl::StrCat("tcp port ", group.port, " planned ", group.planned);
    };
    for (const auto& [name, a_group, b_group] : Match(a, b, name_of)) {
      const auto text = [](const TcpGroup* group) { return group == nullptr ? "" : group->Result(); };
      const bool differs = a_group != nullptr && b_group != nullptr && (a_group->wrong > 0) != (b_group->wrong > 0);
      Verdict(part, name, text(a_group), text(b_group), differs);
    }
  }

  void CompareExpectations() {
    const auto name_of = [](const v1::ExpectationVerdict& verdict) {
      return absl::StrCat(verdict.text(), ", stage ", verdict.stage());
    };
    const auto text = [](const v1::ExpectationVerdict* verdict) {
      if (verdict == nullptr) return "never judged";
      return verdict->judgement() == v1::JUDGEMENT_AS_PLANNED ? "met"
             : verdict->judgement() == v1::JUDGEMENT_OFF      ? "not met"
                                                              : "not known";
    };
    for (const auto& [name, a_verdict, b_verdict] : Match(a_.expectations(), b_.expectations(), name_of)) {
      const std::string a = text(a_verdict);
      const std::string b = text(b_verdict);
      Verdict("expectation", name, a, b, a != b);
    }
  }

  const v1::Run& a_;
  const v1::Run& b_;
  const std::vector<GroupPair> a_pairs_;
  const std::vector<GroupPair> b_pairs_;
  Comparison comparison_;
};

}  // namespace

Comparison CompareRuns(const v1::Run& a, const v1::Run& b) { return Comparer(a, b).Compare(); }

bool Comparison::SameVerdicts() const {
  return std::ranges::none_of(rows, [](const ComparedRow& row) { return row.verdict && row.differs; });
}

std::string Comparison::FirstDifference() const {
  const ComparedRow* first = nullptr;
  for (const ComparedRow& row : rows) {
    if (!row.verdict || !row.differs) continue;
    // How a run ended is what it came to, not what came first.
    if (first == nullptr || first->part == "run") first = &row;
  }
  if (first == nullptr) return "";
  return absl::StrCat(first->part, first->what == "verdict" ? "" : absl::StrCat(" ", first->what), ": ", first->a,
                      ", then ", first->b);
}

std::string RenderComparison(const Comparison& comparison, const TerminalStyle& style) {
  std::vector<std::vector<std::string>> rows = {{"", "", comparison.a, comparison.b}};
  std::string part;
  for (const ComparedRow& row : comparison.rows) {
    const auto cell = [](const std::string& text) { return text.empty() ? std::string("-") : Tame(text); };
    rows.push_back({row.part == part ? "" : Tame(row.part), Tame(row.what), cell(row.a), cell(row.b),
                    row.differs ? Paint("differs", row.verdict ? Ink::kBad : Ink::kFaint, style) : ""});
    part = row.part;
  }
  const std::string first = comparison.FirstDifference();
  return Spell(absl::StrCat(first.empty() ? std::string("the verdicts are the same")
                                          : absl::StrCat("what differs first: ", Tame(first)),
                            "\n\n", FormatTable(rows, 0)),
               style);
}

}  // namespace faultline
