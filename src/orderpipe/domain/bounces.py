"""
Mails that machines write: that a letter could not be delivered, or that somebody is out of the office.

A delivery report (RFC 3464) says so in fields; other servers say it in words, for which flufl.bounce, Mailman's own reader, knows many.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr

from flufl.bounce import all_failures

from orderpipe.domain.letter_ids import Named, named_in
from orderpipe.domain.mails import header, sender_of, storable, texts

LONGEST_REASON = 500

_DAEMONS = re.compile(r"(mailer-?daemon|mail-?daemon|postmaster|mailerdaemon|microsoftexchange[0-9a-f]{20,}|maildelivery)", re.IGNORECASE)
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\d.#-])([45]\d\d)(?=[ -]\D)")
_UNKNOWN = re.compile(
    r"(user|recipient|mailbox|address|account)[^.\n]{0,60}(unknown|not found|does(n't| not) exist|unavailable|disabled|invalid)"
    r"|(no such|unknown) (user|recipient|mailbox|address)|couldn't be found|不存在|无此用户|无法送达|已被注销|被禁用",
    re.IGNORECASE,
)
_AUTOMATIC_SUBJECTS = re.compile(
    r"\s*(out of (the )?office|automatic reply|auto(matic)?[ -]?(reply|response)|autoreply|abwesenheit|automatische antwort"
    r"|réponse automatique|自动回复|自動回覆|自动答复)", re.IGNORECASE,
)
_AUTOMATIC_HEADERS = (
    "X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "List-Id", "List-Unsubscribe", "X-MS-Exchange-Inbox-Rules-Loop",
    "Feedback-ID",
)
_BULK = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
_REPORTS = frozenset({"feedback-report", "disposition-notification"})


@dataclass(frozen=True, slots=True)
class Bounce:
    """
    What became of a letter on its way: `failed` for good, or still tried. `status` as RFC 3463 has it, "" where none was named;
    `recipients` as far as they are named; `letters` those of ours that the report names.
    """

    failed: bool
    status: str
    reason: str
    recipients: frozenset[str]
    letters: tuple[Named, ...]

    @property
    def condemns_the_address(self) -> bool:
        """Whether other letters to this address would fail as well."""
        return self.failed and not self.status.startswith("4")


def bounce_of(message: Message) -> Bounce | None:
    """What this mail reports of a letter that was not delivered; None when it is no such report."""
    fields = list(_reports(message))
    if not fields and not _is_from_a_machine(message):
        return None
    said = "\n".join(texts(message))
    named = tuple(named_in(said))
    if fields:
        return _as_reported(fields, named)
    return _as_told(message, said, named)


def automatic(message: Message) -> str:
    """Why this counts as written by a machine (RFC 3834 and what else programs do), "" when nothing speaks for it."""
    if (said := header(message, "Auto-Submitted").lower()) and not said.startswith("no"):
        return f"Auto-Submitted: {said[:60]}"
    if (said := header(message, "Precedence").lower()) in _BULK:
        return f"Precedence: {said}"
    if given := next((name for name in _AUTOMATIC_HEADERS if name in message), ""):
        return given
    if str(message.get_param("report-type", "")).lower() in _REPORTS:
        return "A receipt or report."
    if header(message, "Return-Path") == "<>":
        return "It names nobody to whom it could be returned."
    return "Its subject says so." if _AUTOMATIC_SUBJECTS.match(header(message, "Subject")) else ""


def _reports(message: Message) -> Iterator[Message]:
    """The fields of a delivery report, one set for each recipient."""
    for part in message.walk():
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status") and part.is_multipart():
            yield from (block for block in part.get_payload() if isinstance(block, Message) and "Action" in block)


def _as_reported(fields: list[Message], named: tuple[Named, ...]) -> Bounce | None:
    failed = [one for one in fields if header(one, "Action").lower().startswith(("fail", "error"))]
    delayed = [one for one in fields if header(one, "Action").lower().startswith("delay")]
    if not failed and not delayed:
        return None
    worst = (failed or delayed)[0]
    status = _STATUS.search(header(worst, "Status"))
    reason = header(worst, "Diagnostic-Code") or header(worst, "Status") or header(worst, "Action")
    named_as = ("Original-Recipient", "Final-Recipient")
    addresses = {parseaddr(str(one.get(name, "")).rpartition(";")[2])[1] for one in failed or delayed for name in named_as}
    return Bounce(bool(failed), status[0] if status else "", reason[:LONGEST_REASON], _plain(addresses), named)


def _as_told(message: Message, said: str, named: tuple[Named, ...]) -> Bounce | None:
    try:
        temporary, permanent = all_failures(message)
    except Exception:  # what it does not expect is no report it knows
        temporary = permanent = frozenset()
    addresses = {address.decode("ascii", "replace") for address in permanent or temporary}
    status = _STATUS.search(said)
    code = _CODE.search(said)
    unknown = _UNKNOWN.search(said)
    told = status or code or unknown
    if not addresses and not told:
        return None
    failed = bool(permanent or unknown or (told and not told[0].startswith("4") and not temporary))
    reason = next((line for line in said.splitlines() if told and told[0] in line), header(message, "Subject"))
    number = status[0] if status else f"{code[1][0]}.0.0" if code else ""
    return Bounce(failed, number, storable(" ".join(reason.split()))[:LONGEST_REASON], _plain(addresses), named)


def _plain(addresses: set[str]) -> frozenset[str]:
    return frozenset(storable(address).lower() for address in addresses if "@" in address)


def _is_from_a_machine(message: Message) -> bool:
    local = sender_of(message)[1].rpartition("@")[0]
    return bool(_DAEMONS.fullmatch(local)) or "X-Failed-Recipients" in message
