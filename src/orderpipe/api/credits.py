"""
Credits over HTTP: the shop says that it has given one, and the customer is told.
"""

from typing import Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from orderpipe.api.auth import ByShop
from orderpipe.api.case_documents import CaseTold, told
from orderpipe.api.cases import CaseId
from orderpipe.api.fields import Part, Word
from orderpipe.api.once import InOnce
from orderpipe.api.openapi import refusals
from orderpipe.api.problems import not_found
from orderpipe.sideflows import cases

router = APIRouter(prefix="/v1", tags=["Cases"])


class CreditGiven(Part):
    """Which credit."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reference": "C-100001-7/1"}]})

    reference: Word = Field(description="As the webhook `credit.due` and the case's `refunds` name it.")


@router.post("/cases/{case}/credits", summary="Say that a credit was given", response_model=CaseTold, responses=refusals(403, 404, 422))
def give_credit(case_id: CaseId, given: CreditGiven, caller: ByShop, once: InOnce) -> Any:
    """The customer has the credit that was instructed under this reference, and is told so, once."""
    def step() -> dict[str, Any]:
        try:
            return told(cases.give_credit(once.work.tx, case_id, given.reference, by=caller.by, now=once.now).case)
        except cases.NoSuchCredit:
            raise not_found("credit") from None

    return once.do(caller.shop_id, given.model_dump_json(), step)
