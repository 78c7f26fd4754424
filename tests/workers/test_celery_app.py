"""
A worker steps back by its role: nobody waits at the door for bulk orders and letters.
"""

import subprocess
import sys

import pytest

STARTS = """
import os, sys, workers.celery_app
from celery.signals import celeryd_init
celeryd_init.send(sys.argv[1])
print(os.nice(0))
"""


@pytest.mark.parametrize(("name", "steps"), [("bulk@here", 10), ("notify@here", 5), ("express@here", 0), ("standard@here", 0), ("", 0)])
def test_steps_back_by_the_role_in_its_name(name: str, steps: int) -> None:
    nice = int(subprocess.run([sys.executable, "-c", "import os; print(os.nice(0))"], capture_output=True, text=True, check=True).stdout)
    told = subprocess.run([sys.executable, "-c", STARTS, name], capture_output=True, text=True, check=True)
    assert int(told.stdout) == nice + steps
