"""
The whole web side of an installation: the HTTP door for programs, with the customers' pages hung in beside it.
"""

from fastapi import FastAPI

from orderpipe.api.app import create_app
from orderpipe.assembly import Assembly
from orderpipe.tracking import answering, case_page, delays, home, preferences, problem, rating, returning

PAGES = (
    home.router, answering.router, answering.from_home, preferences.router, problem.router, case_page.router, returning.router,
    rating.router, delays.router,
)


def create_site(assembly: Assembly | None = None) -> FastAPI:
    """The app over the given parts or those of the process's settings: `uvicorn --factory orderpipe.site:create_site`."""
    return create_app(assembly, PAGES)
