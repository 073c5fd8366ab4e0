#include "tests/bench/bench_lab.h"

#include <fcntl.h>
#include <google/protobuf/util/json_util.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status.h"
#include "faultline/v1/control.pb.h"
#include "tests/bench/lab_tls.h"

namespace faultline::bench {
namespace {

using measure::Interrupts;
using measure::ProcessResult;
using measure::RunProcess;
using measure::ToStatus;

constexpr int kNotVerified = 1;
constexpr char kPrefix[] = "bench";

std::vector<std::string> LabCommand(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{FAULTLINE_LAB, "--prefix", kPrefix};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

template <typename Message>
absl::StatusOr<Message> FromJson(const std::string& text) {
  Message message;
  const auto status = google::protobuf::util::JsonStringToMessage(text, &message);
  if (!status.ok()) return absl::InternalError(absl::StrCat("not what was asked for: ", text));
  return message;
}

absl::Status TakeDown() {
  const std::vector<std::string> down = LabCommand({"down"});
  return ToStatus(RunProcess(down, {.input = "", .shielded = true}), down);
}

// Where the lab keeps what it has.
std::string StateFolder() {
  const char* const labs = std::getenv("FAULTLINE_LAB_DIR");
  const std::filesystem::path repository = std::filesystem::path(FAULTLINE_LAB).parent_path() / "../..";
  return (labs != nullptr ? std::filesystem::path(labs) : repository / "build/lab") / "bench";
}

}  // namespace

absl::StatusOr<std::unique_ptr<BenchLab>> BenchLab::Start(Interrupts& interrupts, Fleet fleet, int per_subnet) {
  UniqueFd lock(open(FAULTLINE_LAB, O_RDONLY | O_CLOEXEC));
  if (!lock) return ErrnoError(errno, absl::StrCat("open ", FAULTLINE_LAB));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return absl::AbortedError("another bench is using the lab 'bench'");
  std::error_code ignored;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  setenv("FAULTLINE_BIN", self.parent_path().c_str(), /*replace=*/0);
  std::unique_ptr<BenchLab> lab(new BenchLab(interrupts, std::move(lock)));
  FAULTLINE_RETURN_IF_ERROR(TakeDown());
  std::vector<std::string> up{"up"};
  if (per_subnet > 1) up.insert(up.end(), {"--per-subnet", absl::StrCat(per_subnet)});
  FAULTLINE_RETURN_IF_ERROR(lab->Lab(up).status());
  if (fleet == Fleet::kOneAgentTls) FAULTLINE_RETURN_IF_ERROR(ConfigureTls(StateFolder()));
  std::vector<std::string> start = {"start"};
  if (fleet != Fleet::kWhole) start.insert(start.end(), {"controller", "lon-1"});
  FAULTLINE_RETURN_IF_ERROR(lab->Lab(start).status());
  return lab;
}

BenchLab::~BenchLab() {
  if (const absl::Status status = TakeDown(); !status.ok()) {
    std::fprintf(stderr, "faultline-bench: %s\n", std::string(status.message()).c_str());
  }
}

absl::StatusOr<std::string> BenchLab::Lab(const std::vector<std::string>& arguments) {
  const std::vector<std::string> command = LabCommand(arguments);
  ProcessResult result = RunProcess(command, {.input = "", .interrupts = &interrupts_});
  if (interrupts_.Caught()) return absl::CancelledError("interrupted");
  FAULTLINE_RETURN_IF_ERROR(ToStatus(result, command));
  return std::move(result.output);
}

absl::StatusOr<std::vector<std::string>> BenchLab::Namespaces() {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string lines, Lab({"nodes"}));
  std::vector<std::string> names;
  for (const absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    names.push_back(absl::StrCat(kPrefix, "-", words[0]));
  }
  return names;
}

absl::StatusOr<std::vector<pid_t>> BenchLab::AgentPids() {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string lines, Lab({"pids"}));
  std::vector<pid_t> pids;
  for (const absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> piece = absl::StrSplit(line, ' ');
    if (piece.first != "controller" && !absl::SimpleAtoi(piece.second, &pids.emplace_back(0))) {
      return absl::InternalError(absl::StrCat("lab pids: ", line));
    }
  }
  return pids;
}

absl::StatusOr<std::string> BenchLab::Faultline(const std::vector<std::string>& arguments, const std::string& input) {
  std::vector<std::string> command = LabCommand({"faultline"});
  command.insert(command.end(), arguments.begin(), arguments.end());
  ProcessResult result = RunProcess(command, {.input = input, .interrupts = &interrupts_});
  if (interrupts_.Caught()) return absl::CancelledError("interrupted");
  if (result.code != kNotVerified) FAULTLINE_RETURN_IF_ERROR(ToStatus(result, command));
  return std::move(result.output);
}

absl::StatusOr<v1::Run> BenchLab::Run(const std::string& plan) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string output, Faultline({"run", "/dev/stdin", "--json"}, plan));
  return FromJson<v1::Run>(output);
}

absl::StatusOr<v1::Run> BenchLab::Show(const std::string& run_id) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::string output, Faultline({"show", run_id, "--json"}));
  FAULTLINE_ASSIGN_OR_RETURN(v1::GetRunResponse response, FromJson<v1::GetRunResponse>(output));
  return std::move(*response.mutable_run());
}

}  // namespace faultline::bench
