"""
The catchers take real mail and real posts, show them, keep them over a restart, and never grow without end.
"""

import json
import os
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from signal import SIGTERM
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from orderpipe.local.caught_letters import letters_in
from orderpipe.local.mail_catcher import MailCatcher
from orderpipe.local.shelf import Shelf, entries_in
from orderpipe.local.sms_catcher import SmsCatcher, messages_in


@pytest.fixture
def catcher(tmp_path: Path) -> Iterator[MailCatcher]:
    with MailCatcher(tmp_path) as catcher:
        yield catcher


def letter(to: str = "maria@customers.example", subject: str = "Schöne Grüße") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"], message["Message-ID"] = "a@shop.example", to, subject, "<one@shop.example>"
    message.set_content("Hello\n.\nthere")
    message.add_alternative("<html><head></head><body><script>alert(1)</script>Hello</body></html>", subtype="html")
    return message


def send(catcher: MailCatcher, *letters: EmailMessage, sender: str = "a@shop.example") -> None:
    with smtplib.SMTP("127.0.0.1", catcher.smtp_port, timeout=5) as smtp:
        for one in letters:
            smtp.sendmail(sender, [one["To"]], one.as_bytes(policy=SMTP))


def get(port: int, path: str, **headers: str) -> tuple[str, dict[str, str]]:
    with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers=headers), timeout=5) as reply:
        return reply.read().decode(), dict(reply.headers)


def test_shows_letters_to_people_and_programs(catcher: MailCatcher) -> None:
    send(catcher, letter(), letter("li@customers.example", "第二封"))
    overview, _ = get(catcher.http_port, "/")
    assert overview.index("第二封") < overview.index("Schöne Grüße")
    found = json.loads(get(catcher.http_port, "/letters?to=MARIA@")[0])
    assert [one["subject"] for one in found["data"]] == ["Schöne Grüße"]
    assert found["data"][0]["text"] == "Hello\n.\nthere\n"
    page, headers = get(catcher.http_port, "/letters/1")
    assert 'iframe sandbox="allow-popups' in page
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    shown, headers = get(catcher.http_port, "/letters/1/html")
    assert "<script>" in shown
    assert headers["Content-Security-Policy"].startswith("sandbox ")
    assert "script-src" not in headers["Content-Security-Policy"]
    assert get(catcher.http_port, "/letters/1/raw")[1]["Content-Type"] == "message/rfc822"


def test_lets_programs_follow_the_letters(catcher: MailCatcher) -> None:
    send(catcher, letter(subject="one"), letter(subject="two"), letter(subject="three"))
    first = json.loads(get(catcher.http_port, "/letters?since=0&limit=2")[0])
    assert [one["subject"] for one in first["data"]] == ["one", "two"]
    rest = json.loads(get(catcher.http_port, f"/letters?since={first['next_since']}")[0])
    assert [one["subject"] for one in rest["data"]] == ["three"]
    (brief, *_) = json.loads(get(catcher.http_port, "/letters?brief=1")[0])["data"]
    assert sorted(brief) == ["at", "from", "id", "message_id", "subject", "to"]
    assert json.loads(get(catcher.http_port, f"/letters?since={rest['next_since']}")[0]) == {"data": [], "next_since": rest["next_since"]}


@pytest.mark.parametrize(("path", "status"), [("/letters/99", 404), ("/etc", 404), ("/letters?since=x", 400), ("/letters/1/2/3", 404)])
def test_answers_what_it_does_not_have(catcher: MailCatcher, path: str, status: int) -> None:
    with pytest.raises(HTTPError) as refused:
        get(catcher.http_port, path)
    assert refused.value.code == status
    refused.value.close()


def test_is_not_read_by_a_page_under_a_name_of_its_own(catcher: MailCatcher) -> None:
    with pytest.raises(HTTPError) as refused:
        get(catcher.http_port, "/letters", Host="evil.example")
    assert refused.value.code == 403
    refused.value.close()


@pytest.mark.parametrize(("to", "code"), [("reply-450@x.example", 450), ("reply-550@x.example", 550), ("data-554@x.example", 554)])
def test_fails_as_the_address_asks(catcher: MailCatcher, to: str, code: int) -> None:
    with pytest.raises((smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)) as refused:
        send(catcher, letter(to))
    assert str(code) in str(refused.value)
    with pytest.raises(smtplib.SMTPSenderRefused, match="550"):
        send(catcher, letter(), sender="reply-550@shop.example")
    assert json.loads(get(catcher.http_port, "/letters")[0])["data"] == []


def test_loses_an_answer_but_keeps_the_letter(catcher: MailCatcher) -> None:
    with pytest.raises((smtplib.SMTPServerDisconnected, smtplib.SMTPDataError)):
        send(catcher, letter("lost-answer@x.example"))
    send(catcher, letter("lost-answer@x.example"))
    assert len(json.loads(get(catcher.http_port, "/letters")[0])["data"]) == 2


def test_keeps_letters_over_a_restart_and_past_a_line_cut_off(tmp_path: Path) -> None:
    with MailCatcher(tmp_path) as catcher:
        send(catcher, letter(subject="before"))
    with (tmp_path / "letters.jsonl").open("ab") as file:
        file.write(b'{"id": 2, "cut o')
    with MailCatcher(tmp_path) as catcher:
        send(catcher, letter(subject="after"))
        assert [one["subject"] for one in letters_in(tmp_path)] == ["after", "before"]
        assert len(json.loads(get(catcher.http_port, "/letters")[0])["data"]) == 2


def test_throws_the_oldest_away(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, "things", labels=("name",), most_bytes=10_000)
    for number in range(1000):
        shelf.put({"name": f"{number}", "filling": "x" * 100})
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 11_000
    kept = shelf.find(lambda _: True, since=0, limit=1000)
    assert [one["id"] for one in kept] == list(range(1001 - len(kept), 1001))
    assert 25 < len(kept) < 100
    assert shelf.get(1) is None
    assert shelf.get(1000) == entries_in(tmp_path, "things", limit=1)[0]
    shelf.close()


def test_takes_text_messages_as_apprise_posts_them(tmp_path: Path) -> None:
    with SmsCatcher(tmp_path) as catcher:
        url = f"http://127.0.0.1:{catcher.http_port}/sms"
        for query, to in (("?to=%2B491", None), ("", "+492")):
            body = json.dumps({"message": "Grüße <b>", "title": "", "to": to}).encode()
            urlopen(Request(url + query, body, {"Content-Type": "application/json"}), timeout=5).close()
        assert [(one["to"], one["text"]) for one in messages_in(tmp_path)] == [("+492", "Grüße <b>"), ("+491", "Grüße <b>")]
        assert "Grüße &lt;b&gt;" in get(catcher.http_port, "/")[0]
        assert [one["id"] for one in json.loads(get(catcher.http_port, "/messages?to=492")[0])["data"]] == [2]
        for body in (b"[]", b"{", b""):
            with pytest.raises(HTTPError) as refused:
                urlopen(Request(url, body), timeout=5)
            assert refused.value.code == 400
            refused.value.close()


@pytest.mark.parametrize("module", ["mail_catcher", "sms_catcher"])
def test_runs_as_a_program_until_it_is_asked_to_stop(module: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", f"orderpipe.local.{module}", "--folder", str(tmp_path / "kept")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline()
        assert address.startswith("export ORDERPIPE_")
        started = time.monotonic()
        os.kill(process.pid, SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - started < 5


def test_says_when_its_port_is_taken(catcher: MailCatcher, tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "orderpipe.local.mail_catcher", "--folder", str(tmp_path), "--smtp-port", str(catcher.smtp_port),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("The mail catcher cannot start: ")
    assert "Traceback" not in done.stderr
