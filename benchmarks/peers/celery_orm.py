"""
Peer (a): a Celery chain with SQLAlchemy's ORM, as one writes it. Its workers run as `celery -A benchmarks.peers.celery_orm worker`.
"""

from sqlalchemy.exc import OperationalError

from benchmarks.peers import orm, orm_letters
from benchmarks.peers.celery_chain import CeleryChain

chain = CeleryChain(orm.STAGES, orm_letters.send, autoretry_for=(OperationalError,), retry_backoff=True)
app = chain.app
