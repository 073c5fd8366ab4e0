#include "controller/report/expectation.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/timeline_codec.h"
#include "controller/report/figure_text.h"

namespace faultline {
namespace {

constexpr std::uint32_t kFewestProbes = 2;

struct Seen {
  v1::Judgement judgement = v1::JUDGEMENT_UNSPECIFIED;
  std::string words;
};

Seen SeenAs(bool as_expected, std::string words) {
  return {.judgement = as_expected ? v1::JUDGEMENT_AS_PLANNED : v1::JUDGEMENT_OFF, .words = std::move(words)};
}

std::string Arrived(const v1::EdgeVerdict& edge) {
  return absl::StrCat(edge.received(), " of ", edge.sent(), " probes arrived");
}

const v1::EdgeVerdict* Reverse(const v1::StageVerdict& stage, const v1::EdgeVerdict& edge) {
  const auto found = std::ranges::find_if(stage.edges(), [&](const v1::EdgeVerdict& other) {
    return other.from() == edge.to() && other.to() == edge.from() && other.family() == edge.family();
  });
  return found == stage.edges().end() ? nullptr : &*found;
}

// What was expected, asked of one direction of a stage.
struct EdgeJudge {
  const v1::StageVerdict& stage;
  const v1::EdgeVerdict& edge;

  Seen operator()(Reachability expected) const {
    if (edge.observed() == v1::REACH_UNSPECIFIED) return {.words = "too little was observed"};
    return SeenAs((edge.observed() == v1::REACH_CUT) == (expected == Reachability::kUnreachable), Arrived(edge));
  }

  Seen operator()(const NearDelay& expected) const {
    const v1::EdgeVerdict* back = expected.round_trip ? Reverse(stage, edge) : nullptr;
    const bool known = edge.has_observed_delay() && (!expected.round_trip || (back && back->has_observed_delay()));
    if (!known) return {.words = "its delay is not known"};
    Duration delay = DecodeDuration(edge.observed_delay()).value_or(Duration(0));
    if (back != nullptr) delay += DecodeDuration(back->observed_delay()).value_or(Duration(0));
    const Duration off = delay < expected.delay ? expected.delay - delay : delay - expected.delay;
    return SeenAs(off <= expected.within,
                  absl::StrCat(ShortDelay(delay), expected.round_trip ? " of delay there and back" : " of delay"));
  }

  Seen operator()(const NearLoss& expected) const {
    if (edge.observed() == v1::REACH_UNSPECIFIED || edge.sent() < kFewestProbes)
      return {.words = "too little was observed"};
    const double lost = 1 - std::min(1.0, static_cast<double>(edge.received()) / edge.sent());
    return SeenAs(std::abs(lost - expected.loss.AsDouble()) <= expected.within.AsDouble(), Arrived(edge));
  }
};

using NodeNames = std::set<std::string>;

NodeNames NodesOf(const v1::Run& run, const std::string& group) {
  for (const v1::GroupMembers& members : run.groups()) {
    if (members.name() == group) return {members.nodes().begin(), members.nodes().end()};
  }
  return {};
}

// Gathers what is seen of all directions of one expectation: the worst judgement, and the first words for it.
class Gathered {
 public:
  void Add(const v1::EdgeVerdict& edge, const Seen& seen) {
    ++count_;
    if (Rank(seen.judgement) <= Rank(worst_) && count_ > 1) return;
    worst_ = seen.judgement;
    words_ = absl::StrCat(edge.from(), " → ", edge.to(),
                          edge.family() == v1::FAMILY_IPV4 ? " (IPv4): " : " (IPv6): ", seen.words);
  }
  v1::Judgement judgement() const { return count_ == 0 ? v1::JUDGEMENT_UNSPECIFIED : worst_; }
  std::string Words() const {
    if (count_ == 0) return "no two of its nodes probe each other";
    if (worst_ != v1::JUDGEMENT_AS_PLANNED || count_ == 1) return words_;
    return absl::StrCat(words_, "; and ", count_ - 1, " more");
  }

 private:
  static int Rank(v1::Judgement judgement) {
    if (judgement == v1::JUDGEMENT_OFF) return 2;
    return judgement == v1::JUDGEMENT_UNSPECIFIED ? 1 : 0;
  }

  std::size_t count_ = 0;
  v1::Judgement worst_ = v1::JUDGEMENT_UNSPECIFIED;
  std::string words_;
};

v1::ExpectationVerdict Judge(const Expectation& expectation, const v1::StageVerdict& stage, const v1::Run& run) {
  const NodeNames from = NodesOf(run, expectation.from);
  const NodeNames to = NodesOf(run, expectation.to);
  Gathered gathered;
  for (const v1::EdgeVerdict& edge : stage.edges()) {
    const bool there = from.contains(edge.from()) && to.contains(edge.to());
    const bool back = expectation.both_ways && to.contains(edge.from()) && from.contains(edge.to());
    if (there || back) gathered.Add(edge, std::visit(EdgeJudge{stage, edge}, expectation.what));
  }
  v1::ExpectationVerdict verdict;
  verdict.set_text(expectation.text);
  verdict.set_stage(stage.name());
  verdict.set_judgement(gathered.judgement());
  verdict.set_detail(gathered.Words());
  return verdict;
}

// Of a repeated step every repetition: "flap.2" is one of "flap".
bool IsOf(const std::string& step, const std::string& name) {
  if (step == name) return true;
  if (!absl::StartsWith(step, name + ".")) return false;
  return step.find_first_not_of("0123456789", name.size() + 1) == step.npos;
}

}  // namespace

void JudgeExpectations(std::span<const Expectation> expectations, std::span<const std::string> active,
                       const v1::StageVerdict& stage, v1::Run& run) {
  for (const Expectation& expectation : expectations) {
    const bool acts =
        std::ranges::any_of(active, [&](const std::string& name) { return IsOf(name, expectation.step); });
    if (acts) *run.add_expectations() = Judge(expectation, stage, run);
  }
}

std::string SummarizeExpectations(const v1::Run& run) {
  const v1::ExpectationVerdict* worst = nullptr;
  int count = 0;
  for (const v1::ExpectationVerdict& verdict : run.expectations()) {
    if (verdict.judgement() == v1::JUDGEMENT_AS_PLANNED) continue;
    ++count;
    const bool worse =
        worst != nullptr && worst->judgement() != v1::JUDGEMENT_OFF && verdict.judgement() == v1::JUDGEMENT_OFF;
    if (worst == nullptr || worse) worst = &verdict;
  }
  if (worst == nullptr) return "";
  const absl::string_view what =
      worst->judgement() == v1::JUDGEMENT_OFF ? "not as expected" : "not known to be as expected";
  return absl::StrCat(worst->stage(), ": ", what, ", ", worst->text(), ": ", worst->detail(),
                      count == 1 ? "" : absl::StrCat("; and ", count - 1, " more"));
}

}  // namespace faultline
