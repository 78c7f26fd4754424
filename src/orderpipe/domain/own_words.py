"""
What the writer of a mail says in it, without what is only quoted: the letter that is answered, and the mail program's own lines.

mail-parser-reply knows how most programs quote; Chinese ones are added here. When in doubt a line stays, for a line too many makes an
answer unclear, but a line too few may turn it round.
"""

import re

from mailparser_reply import EmailReplyParser

LONGEST = 10_000
"""Characters; of a longer text nothing is concluded."""

_LANGUAGES = ["en", "zh", "de", "fr", "es", "it", "nl", "pl", "sv", "da", "ja", "ko", "cs"]
_QUOTED_FROM = re.compile(
    r"""(?mx)
      ^>*\s*-{2,}\s*(原始邮件|原始郵件|原邮件|回复的原邮件|转发邮件|转发的邮件|Original|Original\ Message|Replied\ Message)\s*-{2,}\s*$
    | ^(发件人|寄件人|寄件者)\s*[:：].*\n(.*\n)?(发送时间|发送日期|日期|寄件日期|已发送|收件人|收件者)\s*[:：]
    | ^(在|于)?[^\n]{0,150}\d{4}[-年/][^\n]{0,150}(\n[^\n]{0,150})?(写道|寫道|编写|写信给你)\s*[:：]\s*$
    | ^At\ \d{4}-\d\d-\d\d\ [\d:]+\s?,[^\n]{0,200}\ wrote:\s*$
    | ^>*\s*On\ [^\n]{0,200}(\n[^\n]{0,200})?\ wrote:\s*$
    """
)
_OF_THE_PROGRAM = re.compile(
    r"(sent|get|gesendet|envoyé|enviado) .{0,30}(from|for|von|mit|depuis|desde) .{0,40}"
    r"(iphone|ipad|android|outlook|phone|handy|mail|samsung).{0,60}|发自我的.{0,30}|来自我的.{0,30}|从.{0,20}(qq邮箱|网易邮箱|iphone|手机).{0,20}发(来|送|出)(的)?.{0,10}",
    re.IGNORECASE,
)


def own_words(text: str) -> str | None:
    """The writer's own lines; None for a text too long to conclude anything from."""
    if len(text) > LONGEST:
        return None
    text = _plain(text)
    found = _QUOTED_FROM.search(text)
    above, below = (text[: found.start()], text[found.end() :]) if found else (text, "")
    said, more = _split(above)
    lines = [*_unquoted(said), *_below(f"{more}\n{below}")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_without_program(lines))).strip()


def _plain(text: str) -> str:
    """One kind of space, and no runs of blank lines, over which the expressions would take their time."""
    lines = [re.sub(r"[\s\u200b\ufeff]+", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _split(text: str) -> tuple[str, str]:
    """What stands before the first sign of a quoted letter, and what comes after."""
    first = EmailReplyParser(languages=list(_LANGUAGES)).read(text).replies[0]
    start = text.find(first.content)
    if start < 0:
        return text, ""
    return first.full_body, text[start + len(first.content) :]


def _unquoted(text: str) -> list[str]:
    return [line for line in text.split("\n") if not line.startswith(">")]


def _below(text: str) -> list[str]:
    """Lines of one's own between and below those quoted with `>`; where nothing is quoted so, all of it is quoted."""
    lines = text.split("\n")
    first = next((place for place, line in enumerate(lines) if line.startswith(">")), len(lines))
    return [line for line in lines[first:] if not line.startswith(">")]


def _without_program(lines: list[str]) -> list[str]:
    """Without the signature behind `--` (RFC 3676) and what the program adds of itself."""
    end = next((place for place, line in enumerate(lines) if line == "--"), len(lines))
    return [line for line in lines[:end] if not _OF_THE_PROGRAM.fullmatch(line)]


LINES_SHOWN = 60


def shown(text: str) -> list[str]:
    """What the office reads of a mail: the writer's own words, or all of it where these cannot be told; line by line, none too long."""
    lines = [line for line in (own_words(text) or text).split("\n") if line.strip()]
    pieces = [line[start : start + 280] for line in lines[:LINES_SHOWN] for start in range(0, min(len(line), 2_800), 280)]
    return pieces[:LINES_SHOWN] + (["…"] if len(pieces) > LINES_SHOWN or len(lines) > LINES_SHOWN else [])
