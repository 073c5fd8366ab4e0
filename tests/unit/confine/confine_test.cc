#include "agent/confine/confine.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <thread>

namespace faultline {
namespace {

// What a confined child says of itself: 0 when all of it holds, 1 when not; 2 when it could not be confined.
int InConfinement(const std::function<bool()>& holds) {
  const pid_t child = fork();
  if (child == 0) {
    if (!Confine().ok()) _exit(2);
    _exit(holds() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool Fails(long result, int with = ENOSYS) { return result == -1 && errno == with; }

TEST(Confine, StartsNoProgramAndNoProcess) {
  EXPECT_EQ(InConfinement([] {
              char program[] = "/bin/true";
              char* const arguments[] = {program, nullptr};
              return Fails(execv(program, arguments)) && Fails(fork()) && Fails(vfork()) &&
                     Fails(syscall(SYS_clone, SIGCHLD, nullptr));
            }),
            0);
}

TEST(Confine, OpensNoOtherSockets) {
  EXPECT_EQ(InConfinement([] {
              return Fails(socket(AF_PACKET, SOCK_RAW, 0)) && Fails(socket(AF_VSOCK, SOCK_STREAM, 0)) &&
                     Fails(socket(AF_ALG, SOCK_SEQPACKET, 0));
            }),
            0);
}

TEST(Confine, LeavesNamespacesModulesAndOtherProcessesAlone) {
  EXPECT_EQ(InConfinement([] {
              return Fails(syscall(SYS_unshare, 0)) && Fails(syscall(SYS_mount, "", "", "", 0, nullptr)) &&
                     Fails(syscall(SYS_init_module, nullptr, 0, "")) && Fails(syscall(SYS_bpf, 0, nullptr, 0)) &&
                     Fails(syscall(SYS_ptrace, 0, 0, nullptr, nullptr)) && Fails(kill(getppid(), 0)) &&
                     Fails(setuid(0));
            }),
            0);
}

TEST(Confine, LeavesWhatAnAgentNeeds) {
  EXPECT_EQ(InConfinement([] {
              for (const int family : {AF_UNIX, AF_INET, AF_INET6}) {
                const int opened = socket(family, SOCK_DGRAM, 0);
                if (opened < 0) return false;
                close(opened);
              }
              const int netlink = socket(AF_NETLINK, SOCK_RAW, 0);
              const int file = open("/proc/self/status", O_RDONLY);
              char byte = 0;
              return netlink >= 0 && file >= 0 && read(file, &byte, 1) == 1;
            }),
            0);
}

TEST(Confine, HoldsForThreadsOfBeforeAndAfter) {
  EXPECT_EQ(InConfinement([] {
              bool after = false;
              std::thread([&after] { after = Fails(socket(AF_PACKET, SOCK_RAW, 0)); }).join();
              return after;
            }),
            0);
  const pid_t child = fork();
  if (child == 0) {
    int ready[2];
    if (pipe(ready) != 0) _exit(2);
    bool before = false;
    std::thread waiting([&before, &ready] {
      char byte = 0;
      before = read(ready[0], &byte, 1) == 1 && Fails(fork());
    });
    if (!Confine().ok() || write(ready[1], "", 1) != 1) _exit(2);
    waiting.join();
    _exit(before ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace faultline
