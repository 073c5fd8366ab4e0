#pragma once

#include "controller/guard/host_work.h"
#include "controller/guard/stop_signal.h"

namespace faultline {

// Runs a program without a shell, and waits for it: at most its time limit, then it and every process of its group are
// killed. So are those it leaves behind when it ends. It runs as the controller's user, in a process group of its own,
// with nothing to read, no file of the controller's open, every signal as at a log-in, and nothing in its environment
// but PATH and its context. When `stop` is raised it is killed at once. A program whose end cannot be told, for it is
// not ours to kill or to wait for, has failed with exit code 127, and its output says why.
CommandResult RunCommand(const CommandRequest& request, const StopSignal& stop);

// The result as a check's: passed when it ended by itself with exit code 0; with the last line it printed.
CheckResult JudgeCommand(const CommandResult& result);

}  // namespace faultline
