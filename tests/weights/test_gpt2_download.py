"""Fetching GPT-2's weights: from a small server of our own that speaks as Hugging Face does, and from nowhere."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub.constants
import pytest
from transformers import GPT2Config

from gptcore.config import GPTConfig
from gptcore.errors import Cancelled, InputError
from gptcore.weights import gpt2_download
from gptcore.weights.gpt2 import load_gpt2
from gptcore.weights.gpt2_download import REPOSITORY, fetch_gpt2
from gptcore.weights.gpt2_layout import CONFIG, WEIGHTS
from gptcore.weights.gpt2_search import find_gpt2
from tests.support.serving import free_port
from tests.weights.test_gpt2 import TINY, published


class Hub(ThreadingHTTPServer):
    """A server of two files. `breaks_after` bytes of the weights it hangs up."""

    files: dict[str, bytes]
    breaks_after: int | None = None


class Answer(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.respond(with_body=False)

    def do_GET(self) -> None:
        self.respond(with_body=True)

    def respond(self, *, with_body: bool) -> None:
        assert isinstance(self.server, Hub)
        name = self.path.rpartition("/")[2]
        body = self.server.files.get(name)
        self.send_response(200 if body is not None else 404)
        body = body or b""
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body[: self.server.breaks_after if name == WEIGHTS else None])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("hub")
    published(folder, **TINY)
    return {name: (folder / name).read_bytes() for name in (CONFIG, WEIGHTS)}


@pytest.fixture
def hub(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub(("127.0.0.1", 0), Answer) as server:
        server.files = dict(files)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        point_to(server.server_address[1], monkeypatch)
        yield server
        server.shutdown()


def point_to(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let huggingface_hub take a port of this machine for Hugging Face."""
    endpoint = f"http://127.0.0.1:{port}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(
        huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(gpt2_download, "getproxies", dict)


def kept(folder: Path) -> list[str]:
    """Whatever holds anything of the model; the cache's own marks are a few bytes each."""
    return [path.name for path in folder.rglob("*") if path.is_file() and path.stat().st_size > 400]


def test_a_fetched_model_is_found_and_loaded(hub: Hub, tmp_path: Path) -> None:
    environment = {"HF_HOME": str(tmp_path)}
    told: list[tuple[int, int]] = []
    folder = fetch_gpt2(lambda done, total: told.append((done, total)), environment=environment)
    size = len(hub.files[WEIGHTS])
    assert told[-1] == (size, size)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    found = find_gpt2(environment)[REPOSITORY]
    assert found.path == folder
    assert isinstance(found.config, GPTConfig)
    assert load_gpt2(folder).origin.name == REPOSITORY


def test_one_that_is_stopped_leaves_nothing(hub: Hub, tmp_path: Path) -> None:
    asked = iter([False])
    with pytest.raises(Cancelled):
        fetch_gpt2(lambda done, total: None, lambda: next(asked, True), {"HF_HOME": str(tmp_path)})
    assert kept(tmp_path) == []


def test_one_that_breaks_off_says_so_and_leaves_nothing_to_load(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
    hub.breaks_after = 100_000
    with pytest.raises(InputError, match="the download ended") as raised:
        fetch_gpt2(lambda done, total: None, environment={"HF_HOME": str(tmp_path)})
    assert raised.value.code == "download_failed"
    assert kept(tmp_path) == []
    assert find_gpt2({"HF_HOME": str(tmp_path)}) == {}


def test_another_model_at_that_place_is_refused_by_name(hub: Hub, tmp_path: Path) -> None:
    GPT2Config(**TINY, vocab_size=99).save_pretrained(tmp_path / "other")
    hub.files[CONFIG] = (tmp_path / "other" / CONFIG).read_bytes()
    with pytest.raises(InputError, match="its vocabulary has 99 tokens"):
        fetch_gpt2(lambda done, total: None, environment={"HF_HOME": str(tmp_path)})


def test_without_a_connection_it_says_so_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    point_to(free_port(), monkeypatch)
    with pytest.raises(InputError, match="cannot be reached") as raised:
        fetch_gpt2(lambda done, total: None, environment={"HF_HOME": str(tmp_path)})
    assert raised.value.code == "download_offline"
    assert kept(tmp_path) == []


def test_without_the_library_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpt2_download, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="huggingface_hub is not installed"):
        fetch_gpt2(lambda done, total: None, environment={"HF_HOME": str(tmp_path)})
