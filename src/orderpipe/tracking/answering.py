"""
The page on which a customer answers our question.
"""

from fastapi import APIRouter

router = APIRouter(prefix="/q", include_in_schema=False)
