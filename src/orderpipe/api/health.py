"""
Is the door open: alive when the process answers, ready when the database does.
"""

from fastapi import APIRouter

from orderpipe.api.openapi import refusals
from orderpipe.api.problems import unavailable
from orderpipe.serving.transactions import Parts
from orderpipe.store.database import DatabaseError, answers

router = APIRouter(tags=["Health"])


@router.get("/healthz", summary="Is the process alive", response_description="It is.")
async def healthz() -> dict[str, str]:
    """Answers as long as the process runs, whatever the state of the database."""
    return {"status": "ok"}


@router.get("/readyz", summary="Can requests be served", response_description="They can.", responses={503: refusals(503)[503]})
def readyz(parts: Parts) -> dict[str, str]:
    """Answers 200 while the database answers, otherwise 503."""
    try:
        answers(parts.engine)
    except DatabaseError as error:
        raise unavailable("The database does not answer.") from error
    return {"status": "ok"}
