"""
A dovecot of its own with one mailbox, run by an ordinary user on a free port of the loopback address.
"""

import grp
import os
import pwd
import shutil
import tempfile
from itertools import count
from pathlib import Path

from orderpipe.local.child import Account, Program
from orderpipe.local.ports import LOOPBACK, accepts_connections, free_port
from tests.servers import Server

_SETTINGS = """\
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/run/log
protocols = imap
listen = {ip}
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 1
mail_location = maildir:{folder}/mail
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
}}
"""


class ImapServer(Server):
    """`program` is where dovecot lies. What is dropped into its mailbox is there at once, as if a mail server had delivered it."""

    def __init__(self, program: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="orderpipe-imap-", dir="/tmp"))
        self._folder.chmod(0o755)
        self._mails = count(1)
        self.port = free_port()
        account = _account()
        uid, gid = (account.uid, account.gid) if account else (os.getuid(), os.getgid())
        config = self._folder / "dovecot.conf"
        config.write_text(_SETTINGS.format(
            folder=self._folder, ip=LOOPBACK, port=self.port, uid=uid, gid=gid,
            user=pwd.getpwuid(uid).pw_name, group=grp.getgrgid(gid).gr_name,
        ))
        self._account = account
        for name in ("run", "mail", "mail/new", "mail/cur", "mail/tmp"):
            self._give(self._folder / name)
        self._give(self._folder)
        super().__init__(Program(
            "dovecot", (str(program), "-F", "-c", str(config)), account=account, is_ready=lambda: accepts_connections(self.port)
        ), self._folder)
        self.start()

    def _give(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        if self._account:
            os.chown(folder, self._account.uid, self._account.gid)

    @property
    def url(self) -> str:
        """What ORDERPIPE_IMAP_URL is to be."""
        return f"imap://ann:secret@{LOOPBACK}:{self.port}/INBOX"

    def drop(self, raw: bytes) -> None:
        """A mail is delivered."""
        name = f"{next(self._mails):06}.orderpipe"
        path = self._folder / "mail" / "tmp" / name
        path.write_bytes(raw)
        if self._account:
            os.chown(path, self._account.uid, self._account.gid)
        path.rename(self._folder / "mail" / "new" / name)

    def empty(self) -> None:
        """Everything is taken away, and the mailbox counts anew."""
        for name in ("new", "cur", "tmp"):
            for path in (self._folder / "mail" / name).iterdir():
                path.unlink()
        for path in (self._folder / "mail").glob("dovecot*"):
            path.unlink()

    def close(self) -> None:
        """End it, and leave nothing."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def _account() -> Account | None:
    """Nobody where the tests run as root, who has no mailbox; else whoever runs them."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)
