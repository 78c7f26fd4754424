"""
An address of its own for what was packed before the order's was changed, and how long a customer may withdraw
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('fulfillment', sa.Column('ship_to', postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column('shop', sa.Column('withdrawal_days', sa.SmallInteger(), server_default='14', nullable=False))


def downgrade() -> None:
    op.drop_column('shop', 'withdrawal_days')
    op.drop_column('fulfillment', 'ship_to')
