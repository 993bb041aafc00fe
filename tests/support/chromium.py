"""Find Chromium for the tests, install it where that can be done, or say exactly what to do.

`python -m tests.chromium` needs nothing but Python. It prints the browser that the tests will use.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_APPS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
PACKAGES = ("chromium", "fonts-noto-cjk")
ADVICE = f"""\
The browser tests need Chromium or Chrome, and none was found (looked for {", ".join(NAMES)} on PATH).
  Debian        sudo apt-get install {" ".join(PACKAGES)}
  Ubuntu        sudo snap install chromium
  Fedora        sudo dnf install chromium google-noto-sans-cjk-fonts
  macOS         brew install --cask google-chrome
Then run `make test` again. All but the browser tests: .venv/bin/python -m pytest -q -m "not browser"
"""


def find_chromium() -> str | None:
    """Return the path of the first Chromium or Chrome on this machine, or None."""
    on_path = (shutil.which(name) for name in NAMES)
    in_applications = (path for path in MAC_APPS if Path(path).exists())
    return next((path for path in (*on_path, *in_applications) if path), None)


def has_chinese_font() -> bool:
    """Tell whether Chinese text is drawn as more than empty boxes; True where nobody can tell."""
    if shutil.which("fc-list") is None:
        return find_chromium() is not None
    return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout.strip())


def can_install() -> bool:
    """Tell whether this is root on a system with apt."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(*packages: str) -> None:
    """Install packages with apt, asking nothing and starting none of the services that they bring."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", *command], env=environment, stdin=subprocess.DEVNULL, check=True)


def main() -> int:
    """Make sure that there is a browser; return the exit code."""
    if (find_chromium() is None or not has_chinese_font()) and can_install():
        print(f"Installing {' and '.join(PACKAGES)} …", flush=True)
        try:
            install(*PACKAGES)
        except subprocess.CalledProcessError as error:
            print(f"{' '.join(error.cmd)} ended with exit code {error.returncode}.", file=sys.stderr)
    path = find_chromium()
    if path is None:
        print(ADVICE, file=sys.stderr)
        return 1
    if not has_chinese_font():
        print("No font for Chinese was found: pictures of the Chinese pages will show boxes.", file=sys.stderr)
    print(f"Browser for the tests: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
