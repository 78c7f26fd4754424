"""
How questions are followed up, and letters that are taken back
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

STATES = "'pending', 'sending', 'sent', 'dead'"


def upgrade() -> None:
    op.create_table('query_policy',
    sa.Column('shop_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('order_type', sa.Text(), nullable=False),
    sa.Column('remind_after', sa.Integer(), nullable=False),
    sa.Column('other_channel_after', sa.Integer(), nullable=False),
    sa.Column('call_after', sa.Integer(), nullable=False),
    sa.Column('silence_after', sa.Integer(), nullable=False),
    sa.Column('on_silence', sa.Text(), nullable=False),
    sa.Column('link_days', sa.Integer(), nullable=False),
    sa.CheckConstraint("on_silence IN ('cancel', 'proceed', 'wait')", name=op.f('ck_query_policy_on_silence')),
    sa.PrimaryKeyConstraint('shop_id', 'order_type', name=op.f('pk_query_policy'))
    )
    op.add_column('query', sa.Column('repeated_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('query', sa.Column('next_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('query', sa.Column('silence_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('query', sa.Column('on_silence', sa.Text(), nullable=True))
    op.add_column('query', sa.Column('round', sa.SmallInteger(), server_default='1', nullable=False))
    op.add_column('query', sa.Column('answered_how', sa.Text(), nullable=True))
    _letters_may_be(f"{STATES}, 'withdrawn'")


def downgrade() -> None:
    op.execute("UPDATE notification SET state = 'dead' WHERE state = 'withdrawn'")
    _letters_may_be(STATES)
    for column in ('answered_how', 'round', 'on_silence', 'silence_at', 'next_at', 'repeated_at'):
        op.drop_column('query', column)
    op.drop_table('query_policy')


def _letters_may_be(states: str) -> None:
    # looked through without stopping anybody: only the addition itself locks the table, and for an instant
    name = op.f('ck_notification_state')
    op.execute(f"ALTER TABLE notification DROP CONSTRAINT {name}, ADD CONSTRAINT {name} CHECK (state IN ({states})) NOT VALID")
    op.execute(f"ALTER TABLE notification VALIDATE CONSTRAINT {name}")
