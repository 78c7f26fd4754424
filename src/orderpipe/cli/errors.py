"""
Which errors are somebody's mistake or a server that is not there, told in a sentence; any other is a defect, with its traceback.
"""

from orderpipe.backtest.refusals import CannotJudge
from orderpipe.channels.outlets import BadRecipient
from orderpipe.cli.refusals import Refusal
from orderpipe.domain.addresses import NotNetworks
from orderpipe.domain.cases import CaseRefused, UnknownCase
from orderpipe.domain.orders import UnknownNumber
from orderpipe.domain.remedies import RemedyRefused
from orderpipe.domain.returns import ReturnRefused, UnknownReturn
from orderpipe.local.refusals import CannotStart
from orderpipe.sideflows.amendments import AmendRefused
from orderpipe.sideflows.cancellations import CancelRefused
from orderpipe.sideflows.cases import NoSuchCredit
from orderpipe.sideflows.delay_choices import ChoiceRefused
from orderpipe.sideflows.office import DecisionRefused
from orderpipe.sideflows.privacy import StillUnderWay, UnknownCustomer
from orderpipe.sideflows.queries import AlreadyAnswered, AnswerRefused
from orderpipe.sideflows.retelling import NoSuchLetter, NotAgain
from orderpipe.sideflows.stray_mail import NotOpen
from orderpipe.sideflows.targets import TakenAlready, UnknownAlarm
from orderpipe.sideflows.webhooks import EndpointRefused, NoSuchEndpoint
from orderpipe.store.database import DatabaseError, is_transient
from orderpipe.store.imports import ImportedElsewhere
from orderpipe.store.locations import LocationTaken
from orderpipe.store.seal_file import SealsOutOfReach
from orderpipe.store.shops import ShopTaken, UnknownKey
from orderpipe.store.standing import UnknownOrder

REFUSALS = (
    AmendRefused, CancelRefused, DecisionRefused, UnknownNumber, LocationTaken, ShopTaken, UnknownKey, UnknownOrder, SealsOutOfReach,
    CannotStart, ImportedElsewhere, AlreadyAnswered, AnswerRefused, NoSuchLetter, NotAgain, BadRecipient, CaseRefused, UnknownCase,
    NoSuchCredit, RemedyRefused, ReturnRefused, UnknownReturn, ChoiceRefused, EndpointRefused, NoSuchEndpoint, NotNetworks, StillUnderWay,
    UnknownCustomer, NotOpen, CannotJudge, UnknownAlarm, TakenAlready,
)


def sentence_for(error: Exception) -> tuple[str, int] | None:
    """The sentence and exit code for an error that is no defect of ours, None for one that is."""
    if isinstance(error, Refusal):
        return str(error), error.exit_code
    if isinstance(error, REFUSALS):
        return str(error), 1
    if isinstance(error, DatabaseError):
        return _of_database(error)
    return None


def _of_database(error: DatabaseError) -> tuple[str, int] | None:
    cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    if is_transient(error):
        return f"The database does not answer: {cause}", 1
    if "does not exist" in cause and "relation" in cause:
        return "The database has no tables of orderpipe yet; run `orderpipe migrate`.", 1
    return None
