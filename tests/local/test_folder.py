"""
The data folder belongs to one run at a time and remembers the ports of the last.
"""

import os
import socket
from pathlib import Path

import pytest

from orderpipe.local.folder import DataFolder, FolderTaken, FolderUnusable, addresses_of
from orderpipe.local.ports import PortTaken, free_port, is_free


def _listen(port: int) -> socket.socket:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen()
    return server


def test_refuses_a_second_run_and_names_the_first(tmp_path: Path) -> None:
    with DataFolder(tmp_path), pytest.raises(FolderTaken, match=f"in use by process {os.getpid()}: stop that one first"):
        DataFolder(tmp_path)
    DataFolder(tmp_path).close()


def test_is_not_readable_for_others(tmp_path: Path) -> None:
    with DataFolder(tmp_path / "new") as folder:
        assert folder.path.stat().st_mode & 0o777 == 0o700


def test_says_why_it_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderUnusable, match="cannot be used: "):
        DataFolder(tmp_path / "file")


def test_remembers_a_port(tmp_path: Path) -> None:
    with DataFolder(tmp_path) as folder:
        port = folder.port("api")
    with DataFolder(tmp_path) as folder:
        assert folder.port("api") == port


def test_takes_another_port_when_the_remembered_one_is_taken(tmp_path: Path) -> None:
    with DataFolder(tmp_path) as folder:
        port = folder.port("api")
        with _listen(port):
            assert folder.port("api") != port


def test_prefers_familiar_ports_but_no_port_twice(tmp_path: Path) -> None:
    familiar = [free_port(), free_port()]
    with DataFolder(tmp_path) as folder:
        assert folder.port("api", preferred=familiar) == familiar[0]
        assert folder.port("flower", preferred=familiar) == familiar[1]


def test_refuses_a_wished_port_that_is_taken(tmp_path: Path) -> None:
    port = free_port()
    with DataFolder(tmp_path) as folder, _listen(port), pytest.raises(PortTaken, match=f"Port {port} on 127.0.0.1 is used by another"):
        folder.port("api", wished=port)


def test_forgets_ports_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "ports.json").write_text("{")
    with DataFolder(tmp_path) as folder:
        assert is_free(folder.port("api"))


def test_tells_where_the_servers_are_for_as_long_as_it_is_held(tmp_path: Path) -> None:
    told = {"ORDERPIPE_DATABASE_URL": "postgresql+psycopg://somewhere"}
    assert addresses_of(tmp_path) is None
    with DataFolder(tmp_path) as folder:
        folder.tell_addresses(told)
        assert addresses_of(tmp_path) == told
        assert (tmp_path / "addresses.json").stat().st_mode & 0o777 == 0o600
    assert addresses_of(tmp_path) is None


def test_forgets_the_servers_of_a_run_that_was_killed(tmp_path: Path) -> None:
    (tmp_path / "addresses.json").write_text("{}")
    with DataFolder(tmp_path):
        assert addresses_of(tmp_path) is None
