"""Certificates for tests, made by the openssl program: EC P-256, in a folder of the test's own.

    pki = Authority(folder)
    pki.issue("node", "faultline:node:lon-1")            -> folder/node.crt, folder/node.key, and folder/ca.crt
    pki.issue("controller", "faultline:controller", hosts=["198.18.0.10"])

    certificates.py FOLDER NAME [--ca NAME] [--uri URI] [--host HOST]... [--common-name NAME]
                           [--ended | --ends-in SECONDS]
"""

import argparse
import ipaddress
import pathlib
import subprocess
import time


def openssl(*words, **options):
    """Runs it and gives what it printed; that it fails is an error."""
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"openssl {' '.join(map(str, words))}: {done.stderr}")
    return done.stdout


class Authority:
    """A CA of its own in this folder, or the one that is there."""

    def __init__(self, folder, name="ca"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.certificate = self.folder / f"{name}.crt"
        self._key = self.folder / f"{name}.key"
        if self.certificate.exists():
            return
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", 30,
                "-subj", f"/CN=test {name}", "-keyout", self._key, "-out", self.certificate,
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, name, uri="", hosts=(), common_name="test", start=None, end=None):
        """Makes name.crt and name.key, or puts new ones in their place; `start` and `end` are as openssl has them
        (20260102030405Z)."""
        names = [f"URI:{uri}"] if uri else []
        names += [f"{'IP' if _is_address(host) else 'DNS'}:{host}" for host in hosts]
        usage = "serverAuth" if hosts else "clientAuth"
        extensions = f"basicConstraints=CA:FALSE\nextendedKeyUsage={usage}\n"
        if names:
            extensions += f"subjectAltName={','.join(names)}\n"
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.crt"
        request = self.folder / f"{name}.csr"
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
                "-subj", f"/CN={common_name}", "-keyout", f"{key}.new", "-out", request)
        (self.folder / f"{name}.ext").write_text(extensions)
        self._sign(request, f"{certificate}.new", self.folder / f"{name}.ext", start, end)
        for path in (key, certificate):
            pathlib.Path(f"{path}.new").rename(path)
        return certificate, key

    def _sign(self, request, certificate, extensions, start, end):
        if start is None:
            openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-days", 7,
                    "-extfile", extensions, "-out", certificate)
            return
        database = self.folder / "index"
        database.write_text("")
        config = self.folder / "ca.cnf"
        config.write_text(f"[ca]\ndefault_ca=it\n[it]\ndatabase={database}\nrand_serial=yes\ndefault_md=sha256\n"
                          f"new_certs_dir={self.folder}\npolicy=any\n[any]\ncommonName=supplied\n")
        openssl("ca", "-batch", "-config", config, "-cert", self.certificate, "-keyfile", self._key, "-in", request,
                "-out", certificate, "-startdate", start, "-enddate", end, "-extfile", extensions, "-notext")

    def tls(self, name):
        """The `tls:` line of a daemon's configuration."""
        return f"tls: {{ca: {self.certificate}, certificate: {self.folder}/{name}.crt, key: {self.folder}/{name}.key}}\n"

    def flags(self, name):
        """The command line's way to say the same."""
        return ["--tls-ca", self.certificate, "--tls-certificate", f"{self.folder}/{name}.crt",
                "--tls-key", f"{self.folder}/{name}.key"]


def _is_address(host):
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def main():
    parser = argparse.ArgumentParser(description="Makes one certificate, and its CA when there is none yet.")
    parser.add_argument("folder")
    parser.add_argument("name")
    parser.add_argument("--ca", default="ca")
    parser.add_argument("--uri", default="")
    parser.add_argument("--host", action="append", default=[])
    parser.add_argument("--common-name", default="test")
    parser.add_argument("--ended", action="store_true", help="its time is over")
    parser.add_argument("--ends-in", type=int, help="it will be in so many seconds")
    args = parser.parse_args()
    period = {"start": "20240101000000Z", "end": "20240102000000Z"} if args.ended else {}
    if args.ends_in is not None:
        end = time.gmtime(time.time() + args.ends_in)
        period = {"start": "20240101000000Z", "end": time.strftime("%Y%m%d%H%M%SZ", end)}
    Authority(args.folder, args.ca).issue(args.name, args.uri, args.host, args.common_name, **period)


if __name__ == "__main__":
    main()
