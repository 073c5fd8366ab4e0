#!/usr/bin/env python3
"""The shell parts of packaging/fleet, run as EC2 instances run them: from cloud-init's user data and from the SSM
document, by real apt and dpkg in a root file system of each instance's own, with real daemons in a lab. What is not real
is AWS: `aws` and `systemctl` are the test's."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import yaml

import faultlab

FLEET = faultlab.REPO / "packaging/fleet"
BIN = pathlib.Path(os.environ.get("FAULTLINE_BIN", faultlab.REPO / "build/bin"))
# By a name that the controller's host does not know itself.
ADDRESS, NAME = "198.18.0.10", "faultline.example"
CONTROLLER = f"{NAME}:7400"
PARAMETER = "/faultline/enrolment-token"

# Everything of this machine, and what is written only there; $1 is the empty folder to be its root, $2 the shared one.
ROOT = """
set -e
umask 022
mount -t tmpfs none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" none "$1/root"
for folder in proc sys dev; do mount --rbind "/$folder" "$1/root/$folder"; done
mount -t tmpfs none "$1/root/run"
mkdir -p "$1/root/srv/fleet"
mount --bind "$2" "$1/root/srv/fleet"
echo ready
exec sleep infinity
"""

# Knows one parameter, whose value is a file, and the packages. The first who asks is early.
AWS = """#!/bin/sh
set -e
echo "$*" >>/srv/fleet/aws.log
case "$1 $2 $*" in
  "ssm get-parameter "*" --with-decryption --query Parameter.Value --output text --region eu-west-2 --name /faultline/enrolment-token") ;;
  "ssm put-parameter "*"--type SecureString --overwrite --value file://"*)
    cp "$(echo "$*" | sed 's/.*file:..//; s/ .*//')" /srv/fleet/new && mv /srv/fleet/new /srv/fleet/value
    exit ;;
  "s3 cp "*" s3://packages/"*)
    for to in "$@"; do :; done
    cp "$(echo "$*" | sed 's,.* s3://packages/\\([^ ]*\\) .*,/srv/fleet/\\1,')" "$to"
    exit ;;
  *) echo "aws: not known: $*" >&2; exit 2 ;;
esac
if mkdir /srv/fleet/asked 2>/dev/null; then echo ParameterNotFound >&2; exit 254; else cat /srv/fleet/value; fi
"""

# Starts and ends the program of that name, and answers when it is ready.
SYSTEMCTL = """#!/bin/sh
echo "$*" >>/run/systemctl.log
for unit in "$@"; do :; done
case "$*" in restart*|*--now*)
  if [ -e "/run/$unit.pid" ]; then
    kill "$(cat "/run/$unit.pid")"
    tail --pid "$(cat "/run/$unit.pid")" -f /dev/null
    rm "/run/$unit.pid"
  fi ;;
esac
[ "$1" = restart ] || exit 0
"$unit" >>"/run/$unit.log" 2>&1 &
echo $! >"/run/$unit.pid"
[ "$unit" = faultline-agent ] || until [ -S /run/faultline/controller.sock ]; do sleep 0.05; done
"""

# As the real one, by systemd: the first start makes an authority, before anybody can say for which names.
CONTROLLER_POSTINST = """#!/bin/sh
set -e
[ -s /etc/faultline/pki/ca.crt ] || faultline pki init
/usr/local/bin/systemctl restart faultline-controller
"""

# Removes as rpm does, which keeps a configuration that was changed.
DNF = """#!/bin/sh
set -e
[ "$*" = "remove -y -q faultline-agent" ]
rm /usr/local/bin/faultline-agent
mv /etc/faultline/agent.yaml /etc/faultline/agent.yaml.rpmsave
"""

CONFIG = "# controller: host:port\n# name: this-node\n"

# Of every instance that was made; open, so that no other one is given its number.
mount_namespaces = []


class Instance:
    """A node of a lab with a root file system of its own, which goes with the `with` block."""

    def __init__(self, lab, node, shared):
        self.lab, self.node = lab, node
        folder = lab.state / f"{node}.root"
        folder.mkdir()
        self.keeper = subprocess.Popen(["unshare", "--mount", "sh", "-c", ROOT, "sh", folder, shared],
                                       stdout=subprocess.PIPE, text=True)
        if self.keeper.stdout.readline() != "ready\n":
            raise AssertionError("no root file system can be made here")
        self.root = f"{folder}/root"
        mount_namespaces.append(open(f"/proc/{self.keeper.pid}/ns/mnt", "rb"))
        for name, text in (("aws", AWS), ("systemctl", SYSTEMCTL)):
            self.write(f"/usr/local/bin/{name}", text, "755")
        # Nobody else is asked: there is no name server in a lab.
        self.run("sh", "-c", f"echo {ADDRESS} {NAME} >>/etc/hosts; echo nameserver 127.0.0.1 >/etc/resolv.conf")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.keeper.kill()
        self.keeper.wait()
        self.keeper.stdout.close()

    def run(self, *command, expect=0):
        return self.lab.exec(self.node, "nsenter", "--mount", "--target", self.keeper.pid, "chroot", self.root,
                             "/usr/bin/env", "-i", "HOME=/root", "FAULTLINE_PAUSE=0",
                             "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", *command,
                             expect=expect, timeout=120)

    def write(self, path, text, mode="644"):
        self.run("sh", "-c", 'mkdir -p "${1%/*}"; printf %s "$2" >"$1"; chmod "$3" "$1"', "sh", path, text, mode)

    def read(self, path):
        return self.run("cat", path).stdout

    def cloud_init(self, file, expect=0, **values):
        """As cloud-init does with user data that was given these values."""
        data = yaml.safe_load(rendered((FLEET / "cloud-init" / file).read_text(), values))
        for entry in data["write_files"]:
            self.write(entry["path"], entry["content"], entry["permissions"])
        (command,) = data["runcmd"]
        return self.run(*command, expect=expect)

    def ssm(self, expect=0, **given):
        """As the SSM agent does with the document and these parameters."""
        document = yaml.safe_load((FLEET / "ssm/faultline-agent.yaml").read_text())
        values = {name: given.get(name, parameter.get("default", "")) for name, parameter in document["parameters"].items()}
        for name, value in values.items():
            if not re.search(document["parameters"][name].get("allowedPattern", ""), value):
                raise AssertionError(f"SSM would refuse {name}={value}")
        script = "\n".join(document["mainSteps"][0]["inputs"]["runCommand"])
        for name, value in values.items():
            script = script.replace("{{ " + name + " }}", value)
        return self.run("sh", "-c", script, expect=expect)


def assert_nothing_left():
    """No process is in any instance's file system, so that there is none any more."""
    left = {os.fstat(namespace.fileno()).st_ino for namespace in mount_namespaces}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            namespace = os.stat(process / "ns/mnt").st_ino
        except OSError:
            continue
        if namespace in left:
            raise AssertionError(f"left behind: {(process / 'cmdline').read_text()}")
    while mount_namespaces:
        mount_namespaces.pop().close()


def rendered(text, values):
    for name, value in values.items():
        text = text.replace("${" + name + "}", value)
    return text


def make_package(folder, name, version, programs, config=CONFIG, postinst=None):
    """A .deb with these programs and a configuration, as small as can be."""
    tree = folder / f"{name}.tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "usr/sbin").mkdir(parents=True)
    (tree / "etc/faultline").mkdir(parents=True)
    for program in programs:
        shutil.copy(BIN / program, tree / "usr/sbin")
    path = f"etc/faultline/{name.removeprefix('faultline-')}.yaml"
    (tree / path).write_text(config)
    (tree / "DEBIAN/conffiles").write_text(f"/{path}\n")
    if postinst:
        (tree / "DEBIAN/postinst").write_text(postinst)
        (tree / "DEBIAN/postinst").chmod(0o755)
    (tree / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: none <none@example.com>\nDescription: test\n")
    package = folder / f"{name}_{version}_amd64.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, package], check=True,
                   stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return {"package": f"s3://packages/{package.name}", "sha256": hashlib.sha256(package.read_bytes()).hexdigest()}


class FleetTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(assert_nothing_left)
        cls.lab = cls.enterClassContext(faultlab.Lab())
        cls.shared = cls.lab.state / "fleet"
        cls.shared.mkdir()
        cls.agent = make_package(cls.shared, "faultline-agent", "1.0", ["faultline-agent"])
        cls.newer = make_package(cls.shared, "faultline-agent", "1.1", ["faultline-agent"])
        cls.parameter = {"controller": CONTROLLER, "parameter": PARAMETER, "region": "eu-west-2"}
        cls.ops = cls.enterClassContext(Instance(cls.lab, "ops", cls.shared))
        controller = make_package(cls.shared, "faultline-controller", "1.0", ["faultline-controller", "faultline"],
                                  "listen: 127.0.0.1:7400\n", CONTROLLER_POSTINST)
        cls.controller = {**controller, **cls.parameter, "uses": "2"}
        cls.said = cls.ops.cloud_init("controller.yaml", **cls.controller).stdout
        cls.token = (cls.shared / "value").read_text().strip()

    def instance(self, node):
        return self.enterContext(Instance(self.lab, node, self.shared))

    def install(self, node, **values):
        return node.cloud_init("agent.yaml", **{**self.agent, **self.parameter, "name": node.node, **values})

    def await_node(self, name):
        def connected():
            nodes = json.loads(self.ops.run("faultline", "nodes", "--json").stdout)["nodes"]
            return any(node["info"]["name"] == name and node.get("connected") for node in nodes)
        faultlab.wait_until(connected, 30, f"{name} is connected")

    def test_user_data_makes_a_fleet_and_the_ssm_document_keeps_it(self):
        self.assertRegex(self.token, r"^fl1\.")
        self.assertIn("has a token for 2 nodes", self.said)
        node = self.instance("lon-1")
        said = self.install(node)
        self.await_node("lon-1")
        # Nobody but root can have read it.
        for text in (self.said, said.stdout, said.stderr, (self.shared / "aws.log").read_text()):
            self.assertNotIn(self.token, text)
        self.assertIn("enable faultline-agent", node.read("/run/systemctl.log"))

        # Booted again from the same user data, it is what it was.
        certificate = node.read("/var/lib/faultline-agent/node.crt")
        self.assertIn("this node is enrolled", self.install(node).stdout)
        self.assertEqual(node.read("/var/lib/faultline-agent/node.crt"), certificate)
        self.assertEqual(node.read("/etc/faultline/agent.yaml"), CONFIG + f"controller: {CONTROLLER}\nname: lon-1\n")

        node.ssm(Action="upgrade", Package=self.newer["package"], Sha256=self.newer["sha256"])
        self.assertIn("Version: 1.1", node.run("dpkg", "-s", "faultline-agent").stdout)
        self.assertEqual(node.read("/var/lib/faultline-agent/node.crt"), certificate)
        self.await_node("lon-1")
        node.ssm(Action="status")
        node.ssm(Action="heal")

        self.assertIn("nothing of the agent is left", node.ssm(Action="uninstall").stdout)
        node.run("sh", "-c", "! command -v faultline-agent && ! dpkg -s faultline-agent && "
                             "! ls -d /var/lib/faultline-agent && ! ls /etc/faultline/agent.yaml")
        node.ssm(Action="uninstall")

    def test_the_controller_is_known_by_the_name_that_nodes_dial(self):
        path = "/etc/faultline/pki/controller.crt"
        certificate = self.ops.read(path)
        names = self.ops.run("openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", path).stdout
        for name in (f"DNS:{NAME}", f"IP Address:{ADDRESS}", "DNS:localhost"):
            self.assertIn(name, names)
        self.ops.cloud_init("controller.yaml", **self.controller)
        self.assertEqual(self.ops.read(path), certificate)

    def test_what_rpm_leaves_is_removed_too(self):
        node = self.instance("lon-2")
        node.write("/usr/local/bin/faultline-agent", "#!/bin/sh\n", "755")
        node.write("/usr/local/bin/dnf", DNF, "755")
        node.write("/etc/faultline/agent.yaml", "name: lon-2\n")
        node.run("mkdir", "/var/lib/faultline-agent")
        self.assertIn("nothing of the agent is left", node.ssm(Action="uninstall").stdout)
        node.run("sh", "-c", "! ls -d /var/lib/faultline-agent && ! ls -d /etc/faultline && ! command -v faultline-agent")

    def test_the_ssm_document_installs_too(self):
        node = self.instance("par-1")
        node.ssm(Action="install", Package=self.agent["package"], Sha256=self.agent["sha256"], Controller=CONTROLLER,
                 Parameter=PARAMETER, Region="eu-west-2", Name="par-1")
        self.await_node("par-1")

    def test_a_package_that_is_another_one_is_not_installed(self):
        node = self.instance("par-2")
        said = node.cloud_init("agent.yaml", **{**self.agent, **self.parameter, "sha256": "0" * 64}, name="par-2", expect=1)
        self.assertIn("not the one of FAULTLINE_SHA256; nothing was installed", said.stderr)
        node.run("sh", "-c", "! dpkg -s faultline-agent && ! command -v faultline-agent")
        self.assertIn("FAULTLINE_SHA256 is not set", node.ssm(Action="install", Package="/a.deb", expect=1).stderr)

    def test_what_somebody_would_slip_into_the_document_is_refused(self):
        node = self.instance("par-3")
        for name, value in (("Package", "s3://a/b'; id; '"), ("Name", "a b"), ("Region", "$(id)"), ("Sha256", "x")):
            with self.assertRaisesRegex(AssertionError, f"SSM would refuse {name}"):
                node.ssm(Action="install", **{name: value})


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
