"""
Settings come from variables, and from files for what is secret.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orderpipe.settings import settings


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ORDERPIPE_SECRETS", str(tmp_path))
    (tmp_path / "orderpipe_smtp_url").write_text("smtp://somebody:secret@mail.example\n")
    return tmp_path


def test_read_a_secret_from_its_file(secrets: Path) -> None:
    assert settings().smtp_url == "smtp://somebody:secret@mail.example"


def test_prefer_a_variable_to_a_file(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPIPE_SMTP_URL", "smtp://other.example")
    assert settings().smtp_url == "smtp://other.example"


def test_take_an_empty_file_for_a_setting_that_is_not_set(secrets: Path) -> None:
    (secrets / "orderpipe_sms_url").write_text("\n")
    assert settings().sms_url == ""


def test_need_no_folder_of_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERPIPE_SECRETS", "/nowhere/at/all")
    assert settings().smtp_url == ""
