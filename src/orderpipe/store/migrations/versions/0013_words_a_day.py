"""
How often a customer may write about an order within a day
"""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('case_terms', sa.Column('daily_words', sa.SmallInteger(), server_default='20', nullable=False))


def downgrade() -> None:
    op.drop_column('case_terms', 'daily_words')
