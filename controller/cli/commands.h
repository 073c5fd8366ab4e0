#pragma once

#include <string>

#include "controller/cli/ad_hoc_plan.h"
#include "controller/cli/exit_code.h"

namespace faultline {

// What holds for every command.
struct CommonArguments {
  std::string controller;
  bool insecure = false;
  bool json = false;
};

// One function a command; each prints its result to standard output and its error to standard error.
ExitCode ListNodes(const CommonArguments& common);
ExitCode CheckPlan(const CommonArguments& common, const std::string& file);
ExitCode PreviewPlan(const CommonArguments& common, const std::string& file);
ExitCode RunPlan(const CommonArguments& common, const std::string& file, bool watch, bool detach);
ExitCode RunAdHoc(const CommonArguments& common, const AdHocPlan& plan, bool watch, bool detach);
ExitCode ListRuns(const CommonArguments& common);
ExitCode ShowRun(const CommonArguments& common, const std::string& run);
ExitCode AbortRun(const CommonArguments& common, const std::string& run);
ExitCode HealAll(const CommonArguments& common);
ExitCode ShowMatrix(const CommonArguments& common, bool watch);

}  // namespace faultline
