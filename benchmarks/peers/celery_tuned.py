"""
Peer (b): the same chain with hand-tuned statements. Its workers run as `celery -A benchmarks.peers.celery_tuned worker`.
"""

from benchmarks.peers import letters, plain
from benchmarks.peers.celery_chain import CeleryChain

chain = CeleryChain(plain.STAGES, letters.send)
app = chain.app
