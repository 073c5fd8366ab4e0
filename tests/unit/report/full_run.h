#pragma once

#include "tests/unit/report/run_samples.h"

namespace faultline {

// The demo's plan on two nodes with one of everything that a record can have; not verified, for an expectation was not
// met. `note`: text of others, put wherever others' text can be.
inline v1::Run FullRun(const std::string& note = "quiet") {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  v1::Run run = SampleRun();
  run.set_outcome(v1::OUTCOME_NOT_VERIFIED);
  run.set_summary(note);
  run.set_file_name(note);
  run.set_plan_text(note);
  run.set_controller_version("0.1.0");
  (*run.mutable_variables())["hold"] = note;
  run.add_warnings(note);
  run.add_step_effects(note);
  run.add_step_effects("delay 80ms");
  for (const auto& [name, start, end] : {std::tuple("baseline", 0, 10), std::tuple("one-way", 10, 30),
                                         std::tuple("split", 30, 60), std::tuple("healed", 60, 63)}) {
    v1::StageSchedule& stage = *run.add_schedule();
    stage.set_name(name);
    *stage.mutable_start() = EncodeDuration(seconds(start));
    *stage.mutable_end() = EncodeDuration(seconds(end));
  }
  *run.mutable_stages(0)->mutable_start() = EncodeDuration(seconds(0));
  *run.mutable_stages(0)->mutable_end() = EncodeDuration(seconds(10));
  for (const char* city : {"lon-1", "par-1"}) {
    v1::GroupMembers& group = *run.add_groups();
    group.set_name(city[0] == 'l' ? "london" : "paris");
    group.add_nodes(city);
    group.add_cidrs("172.32.0.0/16");
    group.set_cidr_count(3);
  }
  for (v1::NodeRun& node : *run.mutable_nodes()) {
    node.set_agent_version("0.1.0");
    node.set_kernel_release("6.1.0-38");
    node.mutable_outcome()->set_detail(note);
  }
  v1::ResolvedName& name = *run.add_names();
  name.set_name(note);
  name.add_addresses("192.0.2.1");
  v1::Capture& capture = *run.add_captures();
  capture.set_name(note);
  capture.set_moment("before one-way");
  *capture.mutable_at() = EncodeDuration(milliseconds(9'900));
  *capture.mutable_took() = EncodeDuration(milliseconds(40));
  capture.add_command("pmap");
  capture.add_command(note);
  capture.set_exit_code(3);
  capture.set_output(note);
  v1::GuardCheck& passed = *run.add_guard_checks();
  passed.set_name("quorum");
  *passed.mutable_at() = EncodeDuration(-milliseconds(500));
  passed.set_passed(true);
  passed.set_repeated_checks(7);
  v1::GuardCheck& failed = *run.add_guard_checks();
  failed = passed;
  *failed.mutable_at() = EncodeDuration(seconds(12));
  failed.set_passed(false);
  failed.set_detail(note);
  failed.set_repeated_checks(0);
  v1::ExpectationVerdict& expectation = *run.add_expectations();
  expectation.set_text(note);
  expectation.set_stage("one-way");
  expectation.set_judgement(v1::JUDGEMENT_OFF);
  expectation.set_detail(note);
  for (const v1::Family family : {v1::FAMILY_IPV4, v1::FAMILY_IPV6}) {
    v1::LinkSeries& series = *run.add_series();
    series.set_from("london");
    series.set_to("paris");
    series.set_family(family);
    *series.mutable_start() = EncodeDuration(-seconds(3));
    *series.mutable_step() = EncodeDuration(seconds(1));
    for (int i = -3; i < 63; ++i) {
      const bool cut = i >= 10 && i < 30;
      series.add_sent(2);
      series.add_received(cut ? 0 : 2);
      series.add_mean_delay_us(cut ? 0 : 400);
    }
  }
  return run;
}

}  // namespace faultline
