#include "controller/rpc/admission.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {

absl::StatusOr<Principal> Admission::Admit(const grpc::ServerContextBase& context, Role least,
                                           absl::string_view action) const {
  FAULTLINE_ASSIGN_OR_RETURN(Principal principal, gate_.Identify(context));
  if (principal.role >= least) return principal;
  return absl::PermissionDeniedError(absl::StrCat("'", principal.name, "' is a ", NameOf(principal.role),
                                                  " and may not ", action, ": it takes the role ", NameOf(least)));
}

}  // namespace faultline
