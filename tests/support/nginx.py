"""Find nginx for the tests of `.deploy/`, install it where that can be done, or say exactly what to do.

`python -m tests.support.nginx` needs nothing but Python. It prints the nginx that the tests will use.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests import ROOT
from tests.support.chromium import can_install, install

ADVICE = """\
The tests of .deploy/ need nginx, and none was found on PATH or in /usr/sbin.
  Debian, Ubuntu  sudo apt-get install nginx
  Fedora          sudo dnf install nginx
  macOS           brew install nginx
Then run `make test` again.
"""
_AS_WHO_STARTS_IT = (
    "user root;" if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
)  # its workers write to a folder of this user's
CONFIGURATION = ROOT / ".deploy" / "nginx.conf"


def find_nginx() -> str | None:
    """Return the path of nginx on this machine, or None."""
    return shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))


@contextmanager
def nginx(folder: Path, port: int, servers: Sequence[str]) -> Iterator[str]:
    """Start nginx with the configuration that ships, on this machine's ports, and yield its URL.

    Args:
        folder: Where it keeps what it writes.
        port: Where it listens, on 127.0.0.1.
        servers: host:port of each process of the app.
    """
    path = find_nginx()
    if path is None:
        raise RuntimeError(ADVICE)
    text = CONFIGURATION.read_text("utf-8")
    upstream = "\n        ".join(f"server {server} max_fails=1 fail_timeout=5s;" for server in servers)
    for shipped, here in (
        ("server app:8501 max_fails=1 fail_timeout=5s;", upstream),
        ("listen 8080;", f"listen 127.0.0.1:{port};"),
        ("include mime.types;", ""),
        ("/tmp/", f"{folder}/"),
        ("worker_processes auto;", f"worker_processes 1;\ndaemon off;\n{_AS_WHO_STARTS_IT}"),
    ):
        assert shipped in text, shipped
        text = text.replace(shipped, here)
    written = folder / "nginx.conf"
    written.write_text(text, "utf-8")
    with (
        (folder / "nginx.log").open("wb") as log,
        subprocess.Popen([path, "-p", str(folder), "-c", str(written)], stdout=log, stderr=log) as process,
    ):
        try:
            for _ in range(100):
                if process.poll() is not None or (folder / "nginx.pid").exists():
                    break
                time.sleep(0.05)
            if process.poll() is not None:
                raise RuntimeError((folder / "nginx.log").read_text("utf-8"))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def main() -> int:
    """Make sure that there is an nginx; return the exit code."""
    if find_nginx() is None and can_install():
        print("Installing nginx …", flush=True)
        try:
            install("nginx")
        except subprocess.CalledProcessError as error:
            print(f"{' '.join(error.cmd)} ended with exit code {error.returncode}.", file=sys.stderr)
    path = find_nginx()
    if path is None:
        print(ADVICE, file=sys.stderr)
        return 1
    print(f"nginx for the tests: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
