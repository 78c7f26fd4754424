"""
How often a customer may write about an order within a day, and whose mail it is that fits no order, and credits
"""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('case_terms', sa.Column('daily_words', sa.SmallInteger(), server_default='20', nullable=False))
    op.add_column('mail_in', sa.Column('shop_id', sa.BigInteger(), nullable=True))
    op.add_column('refund', sa.Column('kind', sa.Text(), server_default='refund', nullable=False))
    op.create_check_constraint(op.f('ck_refund_kind'), 'refund', "kind IN ('refund', 'credit')")


def downgrade() -> None:
    op.drop_column('refund', 'kind')
    op.drop_column('mail_in', 'shop_id')
    op.drop_column('case_terms', 'daily_words')
