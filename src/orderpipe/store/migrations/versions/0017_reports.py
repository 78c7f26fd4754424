"""
What reports look for, and when each shop's improvement letter is due
"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('improvement_letter',
    sa.Column('shop_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('shop_id', name=op.f('pk_improvement_letter'))
    )
    with op.get_context().autocommit_block():
        op.create_index('ix_orders_received_at', 'orders', ['received_at'], unique=False, postgresql_using='brin', postgresql_with={'autosummarize': 'on'}, postgresql_concurrently=True)
        op.create_index('ix_orders_ended_at', 'orders', ['ended_at'], unique=False, postgresql_using='brin', postgresql_with={'autosummarize': 'on'}, postgresql_concurrently=True)
        op.create_index('ix_promise_until_at', 'promise', ['until_at'], unique=False, postgresql_using='brin', postgresql_with={'autosummarize': 'on'}, postgresql_concurrently=True)
        op.create_index('ix_journal_reported', 'journal', ['what', 'at'], unique=False, postgresql_where=sa.text("what IN ('target.breached', 'order.canceled', 'order.rejected', 'order.reduced', 'fulfillment.canceled', 'notice.undelivered')"), postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index('ix_journal_reported', table_name='journal', postgresql_concurrently=True)
        op.drop_index('ix_promise_until_at', table_name='promise', postgresql_concurrently=True)
        op.drop_index('ix_orders_ended_at', table_name='orders', postgresql_concurrently=True)
        op.drop_index('ix_orders_received_at', table_name='orders', postgresql_concurrently=True)
    op.drop_table('improvement_letter')
