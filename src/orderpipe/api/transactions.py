"""
Where a request's transaction is to be found: in `orderpipe.serving.transactions`, which the pages share.
"""

from orderpipe.serving.transactions import InWork as InWork
from orderpipe.serving.transactions import Now as Now
from orderpipe.serving.transactions import Parts as Parts
from orderpipe.serving.transactions import Work as Work
from orderpipe.serving.transactions import clock_now as clock_now
