#include "controller/cli/login_verbs.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/rpc/enrolment_client.h"
#include "common/status.h"
#include "controller/cli/call.h"
#include "controller/cli/context_book.h"
#include "controller/cli/own_hosts.h"
#include "controller/cli/pki.h"
#include "controller/cli/verbs.h"
#include "controller/report/text_table.h"

namespace faultline {
namespace {

constexpr Duration kLoginPatience = std::chrono::seconds(10);

struct LoginArguments {
  std::string token;
  std::string context = "default";
  std::string name;
  std::string folder = "/etc/faultline/pki";
  std::string out;
  std::vector<std::string> hosts;
  bool add = false;
};

absl::StatusOr<std::string> Login(const CommonArguments& common, const LoginArguments& arguments) {
  const std::string folder = ContextBook::DefaultFolder();
  FAULTLINE_RETURN_IF_ERROR(CheckLogin(folder, arguments.context, common.controller));
  const ContextBook book(folder);
  FAULTLINE_ASSIGN_OR_RETURN(const EnrolledFiles files,
                             Enroll(common.controller, arguments.token, /*name=*/"", kLoginPatience));
  if (files.identity.kind != IdentityKind::kUser) {
    return absl::InvalidArgumentError("the token is for nodes: `faultline-agent enroll` uses it");
  }
  FAULTLINE_RETURN_IF_ERROR(book.Save(arguments.context, common.controller,
                                      {.ca = files.ca, .certificate = files.certificate, .key = files.key}));
  FAULTLINE_RETURN_IF_ERROR(book.Use(arguments.context));
  return absl::StrCat("logged in to ", common.controller, " as ", files.identity.name, "; the context '",
                      arguments.context, "' is used from now on\n");
}

absl::StatusOr<std::string> ListContexts() {
  const ContextBook book(ContextBook::DefaultFolder());
  FAULTLINE_ASSIGN_OR_RETURN(const std::optional<std::string> current, book.Current());
  std::vector<std::vector<std::string>> rows = {{"CONTEXT", "CONTROLLER", "USED"}};
  for (const std::string& name : book.List()) {
    FAULTLINE_ASSIGN_OR_RETURN(const Context context, book.Get(name));
    rows.push_back({name, Tame(context.controller), name == current ? "yes" : ""});
  }
  return rows.size() == 1 ? "no context; `faultline login` makes one\n" : FormatTable(rows, 0);
}

absl::StatusOr<std::string> UseContext(const std::string& name) {
  const ContextBook book(ContextBook::DefaultFolder());
  FAULTLINE_RETURN_IF_ERROR(book.Use(name));
  return absl::StrCat("the context '", name, "' is used from now on\n");
}

absl::StatusOr<std::string> Init(const LoginArguments& arguments) {
  std::vector<std::string> hosts = arguments.hosts;
  if (hosts.empty()) {
    FAULTLINE_ASSIGN_OR_RETURN(hosts, OwnHosts());
  }
  FAULTLINE_ASSIGN_OR_RETURN(const Certificate authority, InitPki(arguments.folder, hosts, SystemClock().WallNow()));
  const std::string& folder = arguments.folder;
  std::string text =
      absl::StrCat("made a certificate authority in ", folder, ", and its controller's certificate, for ",
                   absl::StrJoin(hosts, ", "), "\nSHA-256 ", authority.Fingerprint(), "\n");
  if (folder == LoginArguments().folder) return absl::StrCat(text, "faultline-controller finds it there by itself\n");
  return absl::StrCat(text, "for controller.yaml:\ntls:\n  ca: ", folder, "/ca.crt\n  certificate: ", folder,
                      "/controller.crt\n  key: ", folder, "/controller.key\n");
}

absl::StatusOr<std::string> IssueForController(const LoginArguments& arguments) {
  const auto issue = arguments.add ? AddControllerHosts : IssueController;
  FAULTLINE_ASSIGN_OR_RETURN(const Certificate made, issue(arguments.folder, arguments.hosts, SystemClock().WallNow()));
  return absl::StrCat(arguments.folder, "/controller.crt is for ", absl::StrJoin(made.Hosts(), ", "),
                      "; a running controller takes it up by itself\n");
}

absl::StatusOr<std::string> Issue(const LoginArguments& arguments, IdentityKind kind) {
  const std::string out = arguments.out.empty() ? arguments.name : arguments.out;
  FAULTLINE_RETURN_IF_ERROR(
      IssueOffline(arguments.folder, {.kind = kind, .name = arguments.name}, out, SystemClock().WallNow()));
  return absl::StrCat("made ", out, "/", arguments.name, ".crt and .key, with ca.crt beside them\n");
}

ExitCode Print(const absl::StatusOr<std::string>& text) {
  if (!text.ok()) return Fail(text.status());
  std::cout << *text;
  return ExitCode::kOk;
}

void AddIssue(CommandLine& line, CLI::App& noun, const std::shared_ptr<LoginArguments>& arguments,
              const std::string& what, IdentityKind kind) {
  CLI::App& verb =
      line.AddVerb(noun, absl::StrCat("issue-", what), absl::StrCat("Make a ", what, "'s certificate here"),
                   absl::StrCat("faultline pki issue-", what, " lon-1 --out ./lon-1"),
                   [arguments, kind] { return Print(Issue(*arguments, kind)); });
  verb.add_option("NAME", arguments->name, absl::StrCat("The ", what))->required();
  verb.add_option("--dir", arguments->folder, "Folder of the authority")->capture_default_str();
  verb.add_option("--out", arguments->out, "Folder for the files; otherwise ./NAME");
}

}  // namespace

void AddLoginVerbs(CommandLine& line) {
  const auto arguments = std::make_shared<LoginArguments>();
  CLI::App& login = line.AddVerb("login", "Trade a token for a certificate of your own, and use that controller",
                                 "faultline login --controller c.example:7400 --token fl1....",
                                 [&line, arguments] { return Print(Login(line.common(), *arguments)); });
  login.add_option("--token", arguments->token, "From `faultline token create --user NAME --role ROLE`")->required();
  login.add_option("--context", arguments->context, "What to call this controller")->capture_default_str();
  CLI::App& noun = line.AddNoun("context", "The controllers that you have logged in to");
  line.AddVerb(noun, "list", "Every one", "faultline context list", [] { return Print(ListContexts()); });
  line.AddVerb(noun, "use", "Which one is meant from now on, unless FAULTLINE_CONTEXT or --controller says otherwise",
               "faultline context use staging", [arguments] { return Print(UseContext(arguments->name)); })
      .add_option("NAME", arguments->name, "The context")
      ->required();
}

void AddPkiVerbs(CommandLine& line) {
  const auto arguments = std::make_shared<LoginArguments>();
  CLI::App& noun = line.AddNoun("pki", "A certificate authority of your own");
  CLI::App& init = line.AddVerb(noun, "init", "Make an authority and its controller's certificate",
                                "faultline pki init --host c.example --host 198.18.0.10",
                                [arguments] { return Print(Init(*arguments)); });
  init.add_option("--dir", arguments->folder, "Folder for the four files")->capture_default_str();
  init.add_option("--host", arguments->hosts,
                  "A name or address under which the controller is dialled; unless given, this host's own");
  CLI::App& controller =
      line.AddVerb(noun, "issue-controller", "Make the controller's certificate anew, for other hosts",
                   "faultline pki issue-controller --host c.example --host 198.18.0.11",
                   [arguments] { return Print(IssueForController(*arguments)); });
  controller.add_option("--dir", arguments->folder, "Folder of the authority")->capture_default_str();
  controller.add_option("--host", arguments->hosts, "Every name or address under which the controller is dialled")
      ->required();
  controller.add_flag("--add", arguments->add, "Keep those that the certificate is for already");
  AddIssue(line, noun, arguments, "node", IdentityKind::kNode);
  AddIssue(line, noun, arguments, "user", IdentityKind::kUser);
}

}  // namespace faultline
