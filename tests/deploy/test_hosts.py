"""What the free hosts are given: files that agree with the project's, limits that hold, readiness, quiet logs."""

import asyncio
import logging
import re
import subprocess
import threading
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest

from gptcore.ui.private_logs import keep_messages_out, kind_and_place
from gptcore.ui.readiness import Readiness, WarmUp
from gptcore.ui.response_headers import allowed_frames, content_security_policy
from tests import ROOT
from tests.bench.visitors import visitors
from tests.support.serving import serving

DEPLOY = ROOT / ".deploy"
ENTRY = DEPLOY / "community_cloud" / "streamlit_app.py"
SECRET = "xylophonequartz"
COMMUNITY_CLOUD_BYTES = 2.7e9


def pins(path: Path) -> dict[str, str]:
    lines = [line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines()]
    return dict(line.split("==") for line in lines if "==" in line and " @ " not in line)


def test_community_cloud_installs_what_the_app_is_tested_with() -> None:
    ours, theirs = pins(ROOT / "requirements.txt"), pins(ENTRY.with_name("requirements.txt"))
    torch = ours.pop("torch")
    assert theirs == ours
    wheels = re.findall(
        r"^torch @ (\S+) ; python_version == \"3\.(\d+)\"$", ENTRY.with_name("requirements.txt").read_text(), re.M
    )
    assert [minor for _, minor in wheels] == ["11", "12", "13", "14"]
    for url, minor in wheels:
        assert url.startswith(f"https://download.pytorch.org/whl/cpu/torch-{torch}%2Bcpu-cp3{minor}-cp3{minor}-")


def test_a_space_has_all_that_its_dockerfile_copies(tmp_path: Path) -> None:
    space = tmp_path / "space"
    subprocess.run(["bash", str(DEPLOY / "huggingface" / "make_space"), str(space)], check=True)
    dockerfile = (space / "Dockerfile").read_text("utf-8")
    sources = [name for line in re.findall(r"^COPY (.+)$", dockerfile, re.M) for name in line.split()[:-1]]
    assert sources
    assert [name for name in sources if not (space / name).exists()] == []
    front = (space / "README.md").read_text("utf-8").split("---")[1]
    settings = dict(line.split(": ", 1) for line in front.strip().splitlines())
    assert settings["sdk"] == "docker"
    assert f"EXPOSE {settings['app_port']}" in dockerfile
    assert len(settings["short_description"]) <= 60  # the Hub refuses more
    assert "GPT_EXPLORER_FRAMES=https://huggingface.co" in dockerfile
    assert "--uid 1000" in dockerfile  # whom the Hub runs it as
    assert not (space / "tests").exists()


def test_only_sites_that_are_named_may_frame_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    assert content_security_policy("").endswith("frame-ancestors 'self'")
    monkeypatch.setenv(
        "GPT_EXPLORER_FRAMES", "https://huggingface.co http://plain.example *; https://*.school.example:8443"
    )
    assert allowed_frames() == ["https://huggingface.co", "https://*.school.example:8443"]
    policy = content_security_policy("", frames=allowed_frames())
    assert policy.endswith("frame-ancestors 'self' https://huggingface.co https://*.school.example:8443")


def asked(warm_up: WarmUp, path: str = "/ready") -> tuple[int, bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 418})
        await send({"type": "http.response.body", "body": b""})

    asyncio.run(Readiness(elsewhere, warm_up)({"type": "http", "path": path}, None, send))  # type: ignore[arg-type]
    return sent[0]["status"], sent[1]["body"]


def test_ready_means_warm() -> None:
    go_on = threading.Event()
    warm_up = WarmUp(go_on.wait)  # type: ignore[arg-type]  # what it returns does not matter
    assert asked(warm_up) == (200, b"not warmed")
    warm_up.start()
    assert asked(warm_up) == (503, b"warming up")
    assert asked(warm_up, "/_stcore/health")[0] == 418
    go_on.set()
    until(lambda: warm_up.state == "warm")
    assert asked(warm_up) == (200, b"warm")


def test_a_warm_up_that_failed_is_not_ready(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("no weights")

    warm_up = WarmUp(fail)
    warm_up.start()
    until(lambda: warm_up.state == "failed")
    assert asked(warm_up) == (503, b"failed")
    assert "could not be warmed up" in caplog.text


def until(true: Any, seconds: float = 60.0) -> None:
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def test_an_exception_is_logged_without_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    make = logging.getLogRecordFactory()
    handler = logging.StreamHandler()
    log = logging.getLogger("tests.private_logs")
    log.addHandler(handler)
    try:
        keep_messages_out()
        keep_messages_out()  # once is enough
        try:
            try:
                int(SECRET)
            except ValueError as error:
                raise KeyError(SECRET) from error
        except KeyError:
            log.exception("a page failed")
    finally:
        logging.setLogRecordFactory(make)
        log.removeHandler(handler)
    written = capsys.readouterr().err
    assert SECRET not in written
    assert written.startswith("a page failed\n")
    assert "KeyError" in written
    assert "ValueError" in written
    assert "test_hosts.py" in written


def test_a_chain_of_exceptions_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__context__, second.__context__ = second, first
    assert kind_and_place(first).count("ValueError") == 10


@pytest.mark.slow
def test_community_cloud_becomes_ready_offers_two_sizes_and_stays_below_its_memory(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    with serving(log, ENTRY) as server:
        until(lambda: ready(server.url) == 200, 120)
        queries = [f"alignment=shifted&prompt_1={SECRET}+moves+you", "seed=7", "size=xl"]
        with visitors(server.url, queries) as crowd:
            for visitor in crowd:
                visitor.run()
            assert all("Perplexity" in visitor.metrics for visitor in crowd)  # xl is no size here: 124M is shown
        assert psutil.Process(server.pid).memory_info().rss < COMMUNITY_CLOUD_BYTES
    written = log.read_text("utf-8")
    assert SECRET not in written
    assert "Traceback" not in written


BROKEN = """
import sys
sys.path.insert(0, {root!r})
import streamlit as st
from gptcore.ui.models import result_cache
from gptcore.ui.server import SETTINGS

def broken(choice, examples, temperature=1.0):
    raise ValueError(f"cannot score {{examples!r}}")

result_cache.report_for = result_cache.kept_report = broken
app = st.App(**SETTINGS)
"""


@pytest.mark.slow
def test_a_page_that_breaks_leaves_no_visitors_text_in_the_log(tmp_path: Path) -> None:
    log, script = tmp_path / "log.txt", tmp_path / "broken.py"
    script.write_text(BROKEN.format(root=str(ROOT)), "utf-8")
    with serving(log, script) as server:
        urllib.request.urlopen(f"{server.url}/?size=mini&prompt_1={SECRET}", timeout=30).close()
        with visitors(server.url, [f"size=mini&alignment=shifted&prompt_1={SECRET}+moves+you"]) as (visitor,):
            visitor.run()
    written = log.read_text("utf-8")
    assert "ValueError" in written  # where it broke is known
    assert SECRET not in written


def ready(url: str) -> int:
    try:
        with urllib.request.urlopen(f"{url}/ready", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_docker_and_nginx_keep_to_it() -> None:
    assert "127.0.0.1:8501/ready" in (DEPLOY / "Dockerfile").read_text("utf-8")
    nginx = (DEPLOY / "nginx.conf").read_text("utf-8")
    assert "access_log off;" in nginx
    assert "error_log stderr crit;" in nginx
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["logger"]["enableRich"] is False
