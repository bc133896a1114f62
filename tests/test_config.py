"""config.yaml, the environment and options → Config, and what happens when it is wrong. Reference: config.yaml."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from commanding import run
from hypothesis import given
from hypothesis import strategies as st
from serving import Client
from sites import write_site

from imageserver.config import Config, Token, keys, load_config
from imageserver.errors import ConfigError
from imageserver.front_doors import Cloud, User

CATALOG = "attributes: {root_path: images}\nimages: {grid: {path: grid.png}}\n"


def value(config: Config, key: str) -> object:
    """Give the value of a dotted key."""
    found: object = config
    for name in key.split("."):
        found = vars_of(found)[name]
    return found


def vars_of(one: object) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}  # type: ignore[attr-defined]


def load(
    tmp_path: Path,
    text: str = "",
    environment: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
) -> Config:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return load_config(path, environment or {}, options or {})


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("server.host", "127.0.0.1"),
        ("server.port", 8080),
        ("server.socket", ""),
        ("server.workers", os.cpu_count()),
        ("server.access_log", "-"),
        ("catalogs", "catalogs"),
        ("state", "state"),
        ("cache.path", "cache"),
        ("cache.max_size", 2 * 2**30),
        ("cache.memory", 64 * 2**20),
        ("cache.url", ""),
        ("limits.layers", 200),
        ("limits.nesting", 64),
        ("limits.text", 64 * 2**10),
        ("sources.allow_hosts", ()),
        ("admin.token", ""),
        ("admin.tokens", ()),
    ],
)
def test_default(tmp_path: Path, key: str, wanted: object) -> None:
    assert value(load(tmp_path), key) == wanted
    assert key in keys(Config)


@pytest.mark.parametrize(
    ("text", "key", "wanted"),
    [
        ("server: {port: 1234}", "server.port", 1234),
        ("server:\n  port: 0", "server.port", 0),
        ("server: {host: 0.0.0.0}", "server.host", "0.0.0.0"),  # noqa: S104, only read
        ("catalogs: /srv/catalogs", "catalogs", "/srv/catalogs"),
        ("catalogs: NO", "catalogs", "NO"),  # a text stays what was written
        ("catalogs: 0123", "catalogs", "0123"),
        ("catalogs: 1:20", "catalogs", "1:20"),
        ("cache: {max_size: 3 GiB}", "cache.max_size", 3 * 2**30),
        ("cache: {max_size: 1.5 MB}", "cache.max_size", 1_500_000),
        ("cache: {max_size: 100}", "cache.max_size", 100),
        ("limits: {render_seconds: 0.5}", "limits.render_seconds", 0.5),
        ("dialects: {iiif: on}", "dialects.iiif", True),
        ("dialects: {iiif: false}", "dialects.iiif", False),
        (
            "dialects: {cloudinary: {clouds: [demo Co, s a/b 12 x_y]}}",
            "dialects.cloudinary.clouds",
            (Cloud("demo", "Co"), Cloud("s", "a/b", "12", "x_y")),
        ),
        ("dialects: {rest4d: {enabled: on}}", "dialects.rest4d.enabled", True),
        (
            "dialects: {rest4d: {users: [ann pw write *, bob p:w read Co a/b]}}",
            "dialects.rest4d.users",
            (User("ann", "pw", write=True, catalogs=("*",)), User("bob", "p:w", write=False, catalogs=("Co", "a/b"))),
        ),
        ("sources: {allow_hosts: [a.example, B.example]}", "sources.allow_hosts", ("a.example", "b.example")),
        (
            "admin:\n  tokens:\n    - a1 read *\n    - b2== write Co a/b",
            "admin.tokens",
            (Token("a1", write=False, catalogs=("*",)), Token("b2==", write=True, catalogs=("Co", "a/b"))),
        ),
        ("server: {port: null}", "server.port", 8080),
        ("server:", "server.port", 8080),
        ("", "server.port", 8080),
        ("# nothing\n", "server.port", 8080),
        ("---\n...\n", "server.port", 8080),
        ("\ufeffserver: {port: 1}", "server.port", 1),
    ],
)
def test_file(tmp_path: Path, text: str, key: str, wanted: object) -> None:
    assert value(load(tmp_path, text), key) == wanted


def test_front_door_is_off_unless_configured(tmp_path: Path) -> None:
    assert load(tmp_path).dialects.on == ()
    assert load(tmp_path, "dialects: {cloudinary: {clouds: [demo Co]}}").dialects.on == ("cloudinary",)


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    environment = {
        "IMAGESERVER_SERVER__PORT": "2",
        "IMAGESERVER_CATALOGS": "here",
        "OTHER_SERVER__HOST": "x",
        "PATH": "/",
    }
    config = load(tmp_path, "server: {port: 1, host: file}", environment)
    assert (config.server.port, config.server.host, config.catalogs) == (2, "file", "here")


def test_options_win_over_both(tmp_path: Path) -> None:
    config = load(tmp_path, "server: {port: 1}", {"IMAGESERVER_SERVER__PORT": "2"}, {"server.port": "3"})
    assert config.server.port == 3


def test_bad_value_that_is_overridden_does_not_count(tmp_path: Path) -> None:
    assert load(tmp_path, "server: {port: x}", {"IMAGESERVER_SERVER__PORT": "2"}).server.port == 2


def test_config_yaml_is_read_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_config(None, {}, {}) == Config()
    (tmp_path / "config.yaml").write_text("server: {port: 77}")
    assert load_config(None, {}, {}).server.port == 77


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("server: {prot: 1}", ["config.yaml:1:", "unknown key 'server.prot'", "server.port"]),
        ("a: 1\nsrever: {port: 1}", ["config.yaml:1:4: ", "unknown key 'a'"]),
        ("server:\n  port: eighty", ["config.yaml:2:9: ", "server.port", "'eighty'", "expected a whole number"]),
        ("server: {port: 65536}", ["server.port", "expected a port from 0 to 65535"]),
        ("server: {port: -1}", ["server.port", "'-1'"]),
        ("server: {port: 1e3}", ["server.port", "'1e3'"]),
        ("server: {workers: 0}", ["server.workers", "expected a whole number of 1 or more"]),
        ("cache: {max_size: much}", ["cache.max_size", "expected a size such as 64 MiB", "'much'"]),
        (
            "limits: {worker_memory: 64 MiB}",
            ["limits.worker_memory", "expected a size of at least 256 MiB", "'64 MiB'"],
        ),
        ("cache: {max_size: 3 XB}", ["cache.max_size", "'3 XB'"]),
        ("cache: {url: redis://h}", ["cache.url", "expected nothing: this version keeps", "'redis://h'"]),
        ("limits: {render_seconds: 0}", ["limits.render_seconds", "expected seconds, more than 0"]),
        ("limits: {render_seconds: inf}", ["limits.render_seconds", "'inf'"]),
        ("dialects: {iiif: perhaps}", ["dialects.iiif", "expected on or off"]),
        ("dialects: {cloudinary: on}", ["unknown key 'dialects.cloudinary'", "dialects.cloudinary.clouds"]),
        ("dialects: {rest4d: on}", ["unknown key 'dialects.rest4d'", "dialects.rest4d.enabled"]),
        ("dialects: {rest4d: {users: [ann pw]}}", ["users: expected a list of `NAME PASSWORD read|write CATALOG…`"]),
        ("dialects: {rest4d: {users: [a b read *, a c read *]}}", ["each name once"]),
        ("dialects: {rest4d: {image: __KEY}}", ["image: expected a name of letters"]),
        (
            "dialects: {cloudinary: {clouds: [demo]}}",
            ["clouds: expected a list of `CLOUD CATALOG [KEY SECRET [TOKEN_KEY]]`"],
        ),
        ("dialects: {cloudinary: {clouds: [demo Co k s abc]}}", ["TOKEN_KEY in pairs of hexadecimal digits"]),
        (
            "dialects: {cloudinary: {clouds: [demo Co k]}}",
            ["clouds: expected a list of `CLOUD CATALOG [KEY SECRET [TOKEN_KEY]]`"],
        ),
        ("dialects: {cloudinary: {clouds: [a Co, a Co]}}", ["clouds different"]),
        ("dialects: {cloudinary: {clouds: [is Co]}}", ["none of admin, console, gallery, health,"]),
        ("dialects: {cloudinary: {clouds: [viewer Co]}}", ["v1_1, viewer"]),
        ("server: {port: 1, port: 2}", ["config.yaml:1:", "'port'", "twice"]),
        ("server: {port: [1", ["config.yaml:", "not valid YAML"]),
        ("server: 8080", ["config.yaml:1:9: ", "'server'"]),
        ("server: {port: {a: 1}}", ["config.yaml:1:", "server.port"]),
        ("a: 1\nb: \x1f", ["config.yaml:2"]),
        ("admin: {tokens: [s3cret]}", ["admin.tokens", "expected a list of `TOKEN read|write CATALOG…`"]),
        ("admin: {tokens: [s3cret read]}", ["admin.tokens", "CATALOG"]),
        ("admin: {token: a b}", ["admin.token", "expected a token"]),
        ("- 1", ["config.yaml:1"]),
        ("just text", ["config.yaml:1"]),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, text: str, parts: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert "\n" not in str(caught.value)
    for part in parts:
        assert part in str(caught.value)


def test_wrong_value_of_the_environment_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"IMAGESERVER_SERVER__PORT.*server\.port.*'x'"):
        load(tmp_path, "", {"IMAGESERVER_SERVER__PORT": "x"})


@pytest.mark.parametrize("name", ["TOKEN", "TOKENS"])
def test_secret_is_not_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "", {f"IMAGESERVER_ADMIN__{name}": "s3cret s3cret"})
    assert "s3cret" not in str(caught.value)


def test_secret_of_a_cloud_is_not_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "", {"IMAGESERVER_DIALECTS__CLOUDINARY__CLOUDS": "demo Co key s3cret aa more"})
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(load(tmp_path, "dialects: {cloudinary: {clouds: [demo Co key s3cret]}}"))
    assert "s3cret" not in repr(load(tmp_path, "dialects: {rest4d: {users: [ann s3cret read *]}}"))


def test_unknown_variable_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"IMAGESERVER_SERVER__PROT.*unknown key"):
        load(tmp_path, "", {"IMAGESERVER_SERVER__PROT": "1"})


def test_wrong_option_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--port.*'x'"):
        load(tmp_path, "", {}, {"server.port": "x"})


def test_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml.*No such file"):
        load_config(tmp_path / "nowhere.yaml", {}, {})


@given(
    text=st.text(max_size=60)
    | st.from_regex(r"(server|limits|cache): \{(port|queue|path): [ -~]{0,8}\}", fullmatch=True)
)
def test_any_text_is_a_config_or_a_config_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        found = load_config(path, {}, {})
    except ConfigError as caught:
        error = str(caught)
    else:
        assert isinstance(found, Config)
        return
    assert len(error.splitlines()) == 1


def assert_one_line(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode not in {0, None}
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr


@pytest.mark.parametrize(
    ("text", "arguments", "parts"),
    [
        ("server: {prot: 1}", [], ["config.yaml:1:", "server.prot"]),
        ("server: {port: x}", [], ["config.yaml:1:", "server.port", "'x'"]),
        ("server: [", [], ["config.yaml:", "not valid YAML"]),
        ("catalogs: nowhere", [], ["nowhere", "no such folder"]),
        ("", ["--port", "x"], ["--port", "'x'"]),
        ("", ["--config", "nowhere.yaml"], ["nowhere.yaml"]),
        ("", ["--catalogs", "nowhere"], ["nowhere", "no such folder"]),
        ("server: {host: 203.0.113.7, port: 0}", [], ["203.0.113.7"]),
        ("server: {socket: nowhere/socket}", [], ["nowhere/socket"]),
        ("server: {access_log: nowhere/log, port: 0}", [], ["nowhere/log"]),
    ],
)
def test_serve_with_a_wrong_configuration(tmp_path: Path, text: str, arguments: list[str], parts: list[str]) -> None:
    folder = write_site(tmp_path, {"Co": CATALOG})
    (folder / "config.yaml").write_text(text)
    assert_one_line(run(folder, "serve", *arguments), *parts)


def test_serve_on_a_port_that_is_taken(tmp_path: Path) -> None:
    folder = write_site(tmp_path, {"Co": CATALOG})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert_one_line(run(folder, "serve", "--port", str(port)), str(port), "in use")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_finishes_what_is_in_flight(tmp_path: Path, number: signal.Signals) -> None:
    """The request under way is answered in full, new ones are not taken, the exit code is 0."""
    folder = write_site(tmp_path, {"Co": CATALOG + "macros: {slow: 'wid=1400&hei=1400&fit=fit,1&op_grow=1&fmt=png'}"})
    with (folder / "log").open("w") as log:
        process = start(folder, log.fileno())
        try:
            assert process.stdout is not None
            match = re.search(r":(\d+)/", process.stdout.readline())
            assert match
            client = Client(int(match[1]), folder)
            assert client.ask("/is/image/Co/grid").status == 200
            connection = socket.create_connection(("127.0.0.1", client.port), timeout=60)
            connection.sendall(b"GET /is/image/Co/grid?$slow$ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            time.sleep(0.15)
            process.send_signal(number)
            reply = b"".join(iter(lambda: connection.recv(65536), b""))
            connection.close()
            assert reply.startswith(b"HTTP/1.1 200 ")
            assert reply.endswith(b"IEND\xaeB`\x82")
            assert process.wait(timeout=60) == 0
            with pytest.raises(ConnectionRefusedError):
                client.ask("/health")
        finally:
            process.kill()
            process.communicate()
    assert "Traceback" not in (folder / "log").read_text()


def start(folder: Path, log: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "imageserver", "serve", "--port", "0"]
    environment = {**os.environ, "IMAGESERVER_SERVER__ACCESS_LOG": ""}
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)  # noqa: S603
