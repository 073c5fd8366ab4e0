#include "agent/owner_process.h"

#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

extern "C" {
#include <sys/pidfd.h>  // Without it in glibc 2.36.
}

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status.h"

namespace faultline {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kProgram = "faultline-agent";
constexpr int kPatienceMs = 5000;

// What is in a folder; as far as it could be read, for processes end and descriptors are closed meanwhile.
std::vector<fs::path> EntriesOf(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    entries.push_back(entry->path());
  }
  return entries;
}

// What a link of /proc/PID says; empty when the process has gone, or may not be looked at.
std::string LinkText(const fs::path& link) {
  std::error_code error;
  return fs::read_symlink(link, error).string();
}

// "socket:[4711]": how /proc/PID/fd calls the netlink socket of this port.
std::optional<std::string> SocketText(std::uint32_t port) {
  std::ifstream table("/proc/self/net/netlink");
  std::string line;
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::string address, groups, received, sent, dump, locks, drops, inode;
    std::uint32_t protocol = 0;
    std::uint32_t found = 0;
    if (fields >> address >> protocol >> found >> groups >> received >> sent >> dump >> locks >> drops >> inode &&
        protocol == NETLINK_NETFILTER && found == port) {
      return absl::StrCat("socket:[", inode, "]");
    }
  }
  return std::nullopt;
}

// Also when its file was replaced by a newer one.
bool RunsAgent(const fs::path& process) {
  const std::string link = LinkText(process / "exe");
  return fs::path(std::string(absl::StripSuffix(link, " (deleted)"))).filename() == std::string(kProgram);
}

bool HasSocket(const fs::path& process, const std::string& socket) {
  const std::vector<fs::path> descriptors = EntriesOf(process / "fd");
  return std::ranges::any_of(descriptors, [&](const fs::path& descriptor) { return LinkText(descriptor) == socket; });
}

}  // namespace

absl::StatusOr<OwnerProcess> OwnerProcess::Find(std::uint32_t netlink_port) {
  if (const std::optional<std::string> socket = SocketText(netlink_port)) {
    for (const fs::path& entry : EntriesOf("/proc")) {
      pid_t pid = 0;
      if (!absl::SimpleAtoi(entry.filename().string(), &pid)) continue;
      // Taken hold of before it is looked at: what was looked at is then what is held.
      UniqueFd process(pidfd_open(pid, 0));
      if (process && RunsAgent(entry) && HasSocket(entry, *socket)) {
        return OwnerProcess(pid, std::move(process));
      }
    }
  }
  return absl::NotFoundError(
      absl::StrCat("no process called ", kProgram, " that can be seen here has netlink port ", netlink_port));
}

absl::Status OwnerProcess::Kill() {
  const std::string operation = absl::StrCat("kill process ", pid_);
  if (pidfd_send_signal(process_.get(), SIGKILL, nullptr, 0) != 0 && errno != ESRCH) {
    return ErrnoError(errno, operation);
  }
  pollfd gone{.fd = process_.get(), .events = POLLIN, .revents = 0};
  if (poll(&gone, 1, kPatienceMs) == 1) return absl::OkStatus();
  return absl::DeadlineExceededError(absl::StrCat(operation, ": it is still there after 5 s"));
}

}  // namespace faultline
