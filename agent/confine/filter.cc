#include "agent/confine/filter.h"

#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

// The calls of all architectures that the agent runs on: arm64 has openat but no open, ppoll but no poll. libseccomp
// gives numbers below zero to those that one has not, and passes over them.
constexpr int kFiles[] = {
    SCMP_SYS(access),     SCMP_SYS(chmod),     SCMP_SYS(close),      SCMP_SYS(dup),       SCMP_SYS(dup2),
    SCMP_SYS(dup3),       SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(fchmod),    SCMP_SYS(fchmodat),
    SCMP_SYS(fchown),     SCMP_SYS(fcntl),     SCMP_SYS(fdatasync),  SCMP_SYS(flock),     SCMP_SYS(fstat),
    SCMP_SYS(fstatfs),    SCMP_SYS(fsync),     SCMP_SYS(ftruncate),  SCMP_SYS(getcwd),    SCMP_SYS(getdents64),
    SCMP_SYS(ioctl),      SCMP_SYS(lseek),     SCMP_SYS(lstat),      SCMP_SYS(mkdir),     SCMP_SYS(mkdirat),
    SCMP_SYS(newfstatat), SCMP_SYS(open),      SCMP_SYS(openat),     SCMP_SYS(pipe),      SCMP_SYS(pipe2),
    SCMP_SYS(pread64),    SCMP_SYS(pwrite64),  SCMP_SYS(read),       SCMP_SYS(readlink),  SCMP_SYS(readlinkat),
    SCMP_SYS(readv),      SCMP_SYS(rename),    SCMP_SYS(renameat),   SCMP_SYS(renameat2), SCMP_SYS(rmdir),
    SCMP_SYS(stat),       SCMP_SYS(statfs),    SCMP_SYS(statx),      SCMP_SYS(umask),     SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),   SCMP_SYS(write),     SCMP_SYS(writev)};
constexpr int kMemory[] = {SCMP_SYS(brk),      SCMP_SYS(madvise), SCMP_SYS(mincore), SCMP_SYS(mmap),
                           SCMP_SYS(mprotect), SCMP_SYS(mremap),  SCMP_SYS(munmap)};
constexpr int kThreads[] = {SCMP_SYS(arch_prctl),
                            SCMP_SYS(exit),
                            SCMP_SYS(exit_group),
                            SCMP_SYS(futex),
                            SCMP_SYS(futex_waitv),
                            SCMP_SYS(get_robust_list),
                            SCMP_SYS(getpid),
                            SCMP_SYS(getppid),
                            SCMP_SYS(gettid),
                            SCMP_SYS(membarrier),
                            SCMP_SYS(prctl),
                            SCMP_SYS(restart_syscall),
                            SCMP_SYS(rseq),
                            SCMP_SYS(rt_sigaction),
                            SCMP_SYS(rt_sigpending),
                            SCMP_SYS(rt_sigprocmask),
                            SCMP_SYS(rt_sigreturn),
                            SCMP_SYS(rt_sigsuspend),
                            SCMP_SYS(rt_sigtimedwait),
                            SCMP_SYS(sched_getaffinity),
                            SCMP_SYS(sched_getparam),
                            SCMP_SYS(sched_getscheduler),
                            SCMP_SYS(sched_yield),
                            SCMP_SYS(set_robust_list),
                            SCMP_SYS(set_tid_address),
                            SCMP_SYS(sigaltstack),
                            SCMP_SYS(tgkill)};
constexpr int kTime[] = {SCMP_SYS(clock_getres),   SCMP_SYS(clock_gettime),   SCMP_SYS(clock_nanosleep),
                         SCMP_SYS(gettimeofday),   SCMP_SYS(nanosleep),       SCMP_SYS(time),
                         SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_gettime), SCMP_SYS(timerfd_settime)};
constexpr int kWaiting[] = {SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
                            SCMP_SYS(epoll_wait),    SCMP_SYS(eventfd2),  SCMP_SYS(poll),        SCMP_SYS(ppoll),
                            SCMP_SYS(pselect6),      SCMP_SYS(select)};
constexpr int kSockets[] = {SCMP_SYS(accept),      SCMP_SYS(accept4),     SCMP_SYS(bind),       SCMP_SYS(connect),
                            SCMP_SYS(getpeername), SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(listen),
                            SCMP_SYS(recvfrom),    SCMP_SYS(recvmmsg),    SCMP_SYS(recvmsg),    SCMP_SYS(sendmmsg),
                            SCMP_SYS(sendmsg),     SCMP_SYS(sendto),      SCMP_SYS(setsockopt), SCMP_SYS(shutdown),
                            SCMP_SYS(socketpair)};
constexpr int kFacts[] = {SCMP_SYS(getegid),   SCMP_SYS(geteuid),   SCMP_SYS(getgid),    SCMP_SYS(getgroups),
                          SCMP_SYS(getrandom), SCMP_SYS(getrlimit), SCMP_SYS(getrusage), SCMP_SYS(getuid),
                          SCMP_SYS(prlimit64), SCMP_SYS(sysinfo),   SCMP_SYS(times),     SCMP_SYS(uname)};

template <std::size_t size>
absl::Status Allow(const SeccompFilter& filter, const int (&calls)[size]) {
  for (const int call : calls) {
    const int code = seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0);
    if (code < 0) return ErrnoError(-code, absl::StrCat("allowing system call ", call));
  }
  return absl::OkStatus();
}

// Only where the first argument is `value` among the bits of `mask`.
absl::Status AllowWhere(const SeccompFilter& filter, int call, std::uint64_t mask, std::uint64_t value) {
  const scmp_arg_cmp where = {.arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
  const int code = seccomp_rule_add_array(filter.get(), SCMP_ACT_ALLOW, call, 1, &where);
  return code < 0 ? ErrnoError(-code, absl::StrCat("allowing system call ", call)) : absl::OkStatus();
}

// Of another architecture it takes the calls by their names here.
absl::Status SetArchitecture(const SeccompFilter& filter, std::uint32_t architecture) {
  if (architecture == seccomp_arch_native()) return absl::OkStatus();
  int code = seccomp_arch_add(filter.get(), architecture);
  if (code == 0) code = seccomp_arch_remove(filter.get(), SCMP_ARCH_NATIVE);
  return code < 0 ? ErrnoError(-code, absl::StrCat("making a seccomp filter for architecture ", architecture))
                  : absl::OkStatus();
}

}  // namespace

absl::StatusOr<SeccompFilter> MakeSeccompFilter(std::uint32_t architecture) {
  SeccompFilter filter(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)));
  if (filter == nullptr) return absl::ResourceExhaustedError("no memory for a seccomp filter");
  // All threads, those that run already as well.
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  // The kernel's own errors, which tell what it has not.
  seccomp_attr_set(filter.get(), SCMP_FLTATR_API_SYSRAWRC, 1);
  FAULTLINE_RETURN_IF_ERROR(SetArchitecture(filter, architecture));
  for (const absl::Status& status :
       {Allow(filter, kFiles), Allow(filter, kMemory), Allow(filter, kThreads), Allow(filter, kTime),
        Allow(filter, kWaiting), Allow(filter, kSockets), Allow(filter, kFacts),
        // A thread, not a process. clone3 hides its flags from filters; without it the C library uses clone.
        AllowWhere(filter, SCMP_SYS(clone), CLONE_THREAD, CLONE_THREAD)}) {
    FAULTLINE_RETURN_IF_ERROR(status);
  }
  for (const int family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}) {
    FAULTLINE_RETURN_IF_ERROR(AllowWhere(filter, SCMP_SYS(socket), ~std::uint64_t{0}, static_cast<unsigned>(family)));
  }
  return filter;
}

}  // namespace faultline
