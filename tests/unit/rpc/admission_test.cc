#include "controller/rpc/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/run/fake_audit.h"

namespace faultline {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;
using ::testing::SizeIs;

class ClosedGate : public Gate {
 public:
  absl::StatusOr<Principal> Identify(const grpc::ServerContextBase&) const override {
    return absl::UnauthenticatedError("nothing is known of who calls");
  }
};

TEST(AdmissionTest, WhoIsRefusedAgainAndAgainFillsNoLog) {
  const ClosedGate gate;
  FakeAudit audit;
  const Admission admission(gate, audit);
  const grpc::ServerContext context;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(absl::IsUnauthenticated(admission.Admit(context, Role::kViewer, "see").status()));
  }
  // A hundred, and one for each second that this took.
  EXPECT_THAT(audit.Take(), SizeIs(AllOf(Ge(100u), Le(200u))));
}

}  // namespace
}  // namespace faultline
