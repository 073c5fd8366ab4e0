#include "agent/confine/filter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/unique_fd.h"

namespace faultline {
namespace {

constexpr std::uint32_t kAmd64 = SCMP_ARCH_X86_64;
constexpr std::uint32_t kArm64 = SCMP_ARCH_AARCH64;
constexpr std::uint32_t kRefused = SECCOMP_RET_ERRNO | ENOSYS;

// The program that the kernel of that architecture is given.
std::vector<sock_filter> ProgramFor(std::uint32_t architecture) {
  const absl::StatusOr<SeccompFilter> filter = MakeSeccompFilter(architecture);
  EXPECT_TRUE(filter.ok()) << filter.status();
  const UniqueFd file(memfd_create("filter", 0));
  EXPECT_EQ(seccomp_export_bpf(filter->get(), file.get()), 0);
  std::vector<sock_filter> program(lseek(file.get(), 0, SEEK_END) / sizeof(sock_filter));
  const auto size = static_cast<ssize_t>(program.size() * sizeof(sock_filter));
  EXPECT_EQ(pread(file.get(), program.data(), size, 0), size);
  return program;
}

// What the program says of a call, as the kernel carries it out: of classic BPF just what libseccomp makes use of.
std::uint32_t Judge(const std::vector<sock_filter>& program, const seccomp_data& call) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& step = program[at];
    bool jump = false;
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        memcpy(&accumulator, reinterpret_cast<const char*>(&call) + step.k, sizeof accumulator);
        continue;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= step.k;
        continue;
      case BPF_JMP | BPF_JA:
        at += step.k;
        continue;
      case BPF_RET | BPF_K:
        return step.k;
      case BPF_JMP | BPF_JEQ | BPF_K:
        jump = accumulator == step.k;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        jump = accumulator > step.k;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        jump = accumulator >= step.k;
        break;
      default:
        ADD_FAILURE() << "libseccomp makes use of " << step.code;
        return 0;
    }
    at += jump ? step.jt : step.jf;
  }
  ADD_FAILURE() << "the program has no end";
  return 0;
}

class Filter {
 public:
  explicit Filter(std::uint32_t architecture) : architecture_(architecture), program_(ProgramFor(architecture)) {}

  // Of a call with this number; the arguments that are not given are 0.
  std::uint32_t Says(int number, std::uint64_t first = 0) const {
    return Judge(program_, {.nr = number, .arch = architecture_, .instruction_pointer = 0, .args = {first}});
  }

  // Of a call that the architecture must have.
  std::uint32_t Says(const std::string& name, std::uint64_t first = 0) const {
    const int number = seccomp_syscall_resolve_name_arch(architecture_, name.c_str());
    EXPECT_GE(number, 0) << name;
    return Says(number, first);
  }

  bool Allows(const std::string& name) const { return Says(name) == SECCOMP_RET_ALLOW; }

  // Whether the architecture has a call of this name.
  bool Has(const std::string& name) const {
    return seccomp_syscall_resolve_name_arch(architecture_, name.c_str()) >= 0;
  }

  // The names of all calls that are allowed whatever their arguments are.
  std::vector<std::string> AllAllowed() const {
    std::vector<std::string> names;
    // Above the highest that any kernel has.
    for (int number = 0; number < 1024; ++number) {
      if (Says(number) != SECCOMP_RET_ALLOW) continue;
      const std::unique_ptr<char, decltype(&free)> name(seccomp_syscall_resolve_num_arch(architecture_, number), &free);
      EXPECT_NE(name, nullptr) << "allowed, but no call: " << number;
      if (name != nullptr) names.emplace_back(name.get());
    }
    return names;
  }

  // What a call of another architecture comes to.
  std::uint32_t SaysFrom(std::uint32_t architecture, int number) const {
    return Judge(program_, {.nr = number, .arch = architecture, .instruction_pointer = 0, .args = {}});
  }

 private:
  std::uint32_t architecture_;
  std::vector<sock_filter> program_;
};

// What a C library uses where a call of x86-64 is one that newer architectures never had; none where nothing need be.
const std::map<std::string, std::optional<std::string>> kInPlaceOf = {
    {"access", "faccessat"},
    {"arch_prctl", std::nullopt},
    {"chmod", "fchmodat"},
    {"dup2", "dup3"},
    {"epoll_wait", "epoll_pwait"},
    {"lstat", "newfstatat"},
    {"mkdir", "mkdirat"},
    {"open", "openat"},
    {"pipe", "pipe2"},
    {"poll", "ppoll"},
    {"readlink", "readlinkat"},
    {"rename", "renameat"},
    {"rmdir", "unlinkat"},
    {"select", "pselect6"},
    {"stat", "newfstatat"},
    {"time", "clock_gettime"},
    {"unlink", "unlinkat"},
};

TEST(SeccompFilter, AllowsOnArm64WhatItAllowsOnAmd64OrWhatStandsForIt) {
  const Filter amd64(kAmd64);
  const Filter arm64(kArm64);
  const std::vector<std::string> allowed = amd64.AllAllowed();
  EXPECT_GT(allowed.size(), 100u);
  for (const std::string& name : allowed) {
    if (arm64.Has(name)) {
      EXPECT_TRUE(arm64.Allows(name)) << name;
      continue;
    }
    const auto other = kInPlaceOf.find(name);
    ASSERT_NE(other, kInPlaceOf.end()) << "arm64 has no " << name << ": what does a C library use there?";
    if (other->second) EXPECT_TRUE(arm64.Allows(*other->second)) << *other->second << " in place of " << name;
  }
}

TEST(SeccompFilter, AllowsNothingMoreOnArm64) {
  const Filter amd64(kAmd64);
  for (const std::string& name : Filter(kArm64).AllAllowed()) EXPECT_TRUE(amd64.Allows(name)) << name;
}

TEST(SeccompFilter, RefusesTheSameOnBoth) {
  for (const std::uint32_t architecture : {kAmd64, kArm64}) {
    const Filter filter(architecture);
    for (const char* name :
         {"execve", "execveat", "clone3", "unshare", "setns", "mount", "init_module", "finit_module", "bpf", "ptrace",
          "kill", "setuid", "process_vm_writev", "io_uring_setup", "open_by_handle_at"}) {
      EXPECT_EQ(filter.Says(name), kRefused) << name;
    }
    EXPECT_EQ(filter.Says("clone", SIGCHLD), kRefused);
    EXPECT_EQ(filter.Says("clone", CLONE_VM | CLONE_VFORK | SIGCHLD), kRefused);
    EXPECT_EQ(filter.Says("clone", CLONE_VM | CLONE_SIGHAND | CLONE_THREAD), SECCOMP_RET_ALLOW);
    for (const int family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}) {
      EXPECT_EQ(filter.Says("socket", family), SECCOMP_RET_ALLOW) << family;
    }
    for (const int family : {AF_PACKET, AF_VSOCK, AF_ALG, AF_UNSPEC}) {
      EXPECT_EQ(filter.Says("socket", family), kRefused) << family;
    }
  }
}

// A process can make calls as one of 32 bits does, by other numbers.
TEST(SeccompFilter, KillsWhoCallsAsAnotherArchitecture) {
  EXPECT_EQ(Filter(kAmd64).SaysFrom(SCMP_ARCH_X86, 0), static_cast<std::uint32_t>(SECCOMP_RET_KILL_THREAD));
  EXPECT_EQ(Filter(kArm64).SaysFrom(SCMP_ARCH_ARM, 0), static_cast<std::uint32_t>(SECCOMP_RET_KILL_THREAD));
  EXPECT_EQ(Filter(kArm64).SaysFrom(kAmd64, 0), static_cast<std::uint32_t>(SECCOMP_RET_KILL_THREAD));
  EXPECT_EQ(Filter(kAmd64).SaysFrom(kArm64, 63), static_cast<std::uint32_t>(SECCOMP_RET_KILL_THREAD));
  constexpr int kX32 = 0x40000000;
  EXPECT_EQ(Filter(kAmd64).Says(kX32), static_cast<std::uint32_t>(SECCOMP_RET_KILL_THREAD));
}

}  // namespace
}  // namespace faultline
