#include "controller/run/examinations.h"

#include <algorithm>
#include <chrono>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/duration.h"
#include "common/status.h"
#include "controller/report/text_table.h"
#include "controller/run/agent_claims.h"

namespace faultline {
namespace {

// How often it is looked whether anybody still waits.
constexpr Duration kExaminationLook = std::chrono::milliseconds(200);

v1::ExaminedNode Silent(std::string why) {
  v1::ExaminedNode node;
  node.set_silence(std::move(why));
  return node;
}

// What steers no terminal.
v1::Examination Tamed(const v1::Examination& examination) {
  v1::Examination tamed = examination;
  for (v1::Finding& finding : *tamed.mutable_findings()) {
    finding.set_detail(Tame(finding.detail()));
    finding.set_mend(Tame(finding.mend()));
  }
  return tamed;
}

// So that an answer to an earlier controller's question is none to this one's.
std::uint64_t RandomStart() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32;
}

}  // namespace

Examinations::Examinations(Fleet& fleet, Duration patience)
    : fleet_(fleet), patience_(patience), next_id_(RandomStart()) {}

absl::Status Examinations::Begin() {
  const std::lock_guard lock(mutex_);
  if (at_once_ >= kMostAtOnce || !asked_.Take(1, clock_.Now())) {
    return absl::ResourceExhaustedError("nodes are being examined by many already; ask again in some seconds");
  }
  ++at_once_;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::ExaminedNode>> Examinations::Ask(const std::vector<std::string>& names,
                                                                absl::FunctionRef<bool()> is_over) {
  std::set<std::string> wanted(names.begin(), names.end());
  std::map<NodeName, bool> connected;
  for (const v1::Node& node : fleet_.Nodes()) {
    if (names.empty() || wanted.erase(node.info().name()) > 0) {
      connected[NodeName(node.info().name())] = node.connected();
    }
  }
  if (names.empty()) wanted.clear();
  if (!wanted.empty()) {
    return absl::NotFoundError(
        absl::StrCat("no node has the name '", absl::StrJoin(wanted, "', '"), "': `faultline nodes` shows all"));
  }
  FAULTLINE_RETURN_IF_ERROR(Begin());
  std::unique_lock lock(mutex_);
  const std::uint64_t id = next_id_++;
  Question& question = questions_[id];
  for (const auto& [node, is_connected] : connected) {
    if (is_connected) {
      question.open.insert(node);
    } else {
      question.said[node] = Silent("not connected: see its agent (systemctl status faultline-agent there)");
    }
  }
  lock.unlock();
  v1::SessionResponse request;
  request.mutable_examine()->set_id(id);
  for (const auto& [node, is_connected] : connected) {
    // Its session may have ended just now.
    if (is_connected && !fleet_.Send(node, request)) OnLeave(node);
  }
  lock.lock();
  const MonotonicTime until = clock_.Now() + patience_;
  while (!question.open.empty() && clock_.Now() < until && !is_over()) {
    changed_.wait_until(lock, ToSteady(std::min(until, clock_.Now() + kExaminationLook)));
  }
  for (const NodeName& node : question.open) {
    question.said[node] =
        Silent(absl::StrCat("has not answered within ", FormatDuration(patience_), ": an older agent, or a busy node"));
  }
  std::vector<v1::ExaminedNode> nodes;
  for (auto& [node, said] : question.said) {
    said.set_name(node.text());
    nodes.push_back(std::move(said));
  }
  questions_.erase(id);
  --at_once_;
  return nodes;
}

void Examinations::OnExamined(const NodeName& node, const v1::Examined& examined) {
  const absl::Status status = CheckExamination(examined.examination());
  v1::ExaminedNode said;
  if (status.ok()) {
    *said.mutable_examination() = Tamed(examined.examination());
  } else {
    said = Silent(absl::StrCat("its answer is not to be believed: ", status.message()));
  }
  const std::lock_guard lock(mutex_);
  const auto found = questions_.find(examined.id());
  if (found != questions_.end()) Settle(found->second, node, std::move(said));
}

void Examinations::OnLeave(const NodeName& node) {
  const std::lock_guard lock(mutex_);
  for (auto& [id, question] : questions_) Settle(question, node, Silent("was lost while it was asked"));
}

void Examinations::Settle(Question& question, const NodeName& node, v1::ExaminedNode said) {
  if (question.open.erase(node) == 0) return;
  question.said[node] = std::move(said);
  changed_.notify_all();
}

}  // namespace faultline
