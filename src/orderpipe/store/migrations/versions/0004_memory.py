"""
Memory: what later orders are compared with, what shops set of the rules, and customers' purchase-order numbers
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

CUSTOMER = "coalesce(nullif(lower(customer ->> 'email'), ''), customer ->> 'phone', '')"


def upgrade() -> None:
    op.create_table('article_memory',
    sa.Column('shop_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.Column('lines', sa.BigInteger(), nullable=False),
    sa.Column('log_sum', sa.Double(), nullable=False),
    sa.Column('log_squares', sa.Double(), nullable=False),
    sa.Column('lowest_price', sa.Numeric(precision=14, scale=4), nullable=True),
    sa.Column('highest_price', sa.Numeric(precision=14, scale=4), nullable=True),
    sa.PrimaryKeyConstraint('shop_id', 'sku', name=op.f('pk_article_memory'))
    )
    op.create_table('customer_memory',
    sa.Column('shop_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('customer', sa.Text(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.Column('lines', sa.BigInteger(), nullable=False),
    sa.Column('fewest', sa.Integer(), nullable=False),
    sa.Column('most', sa.Integer(), nullable=False),
    sa.Column('log_sum', sa.Double(), nullable=False),
    sa.Column('log_squares', sa.Double(), nullable=False),
    sa.Column('price', sa.Numeric(precision=14, scale=4), nullable=True),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'customer', 'sku', name=op.f('pk_customer_memory'))
    )
    op.create_table('memory_progress',
    sa.Column('id', sa.SmallInteger(), autoincrement=False, server_default='1', nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_memory_progress_one_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_memory_progress'))
    )
    op.create_table('memory_waiting',
    sa.Column('order_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('order_id', name=op.f('pk_memory_waiting'))
    )
    op.create_table('rule_setting',
    sa.Column('shop_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('order_type', sa.Text(), nullable=False),
    sa.Column('rule', sa.Text(), nullable=False),
    sa.Column('enabled', sa.Boolean(), server_default='true', nullable=False),
    sa.Column('severity', sa.Text(), nullable=True),
    sa.Column('override', sa.Text(), nullable=True),
    sa.Column('limits', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.CheckConstraint("severity IN ('note', 'ask', 'review', 'reject')", name=op.f('ck_rule_setting_severity')),
    sa.CheckConstraint("override IN ('customer', 'office', 'nobody')", name=op.f('ck_rule_setting_override')),
    sa.PrimaryKeyConstraint('shop_id', 'order_type', 'rule', name=op.f('pk_rule_setting'))
    )
    op.add_column('orders', sa.Column('purchase_order', sa.Text(), nullable=True))
    # wider, so that the release before still writes what it may
    op.drop_constraint(op.f('ck_finding_severity'), 'finding', type_='check')
    op.create_check_constraint(op.f('ck_finding_severity'), 'finding', "severity IN ('note', 'ask', 'review', 'reject')")
    with op.get_context().autocommit_block():
        op.create_index('ix_orders_customer', 'orders', ['shop_id', sa.text(CUSTOMER), 'id'], unique=False,
                        postgresql_concurrently=True)
        op.create_index('ix_orders_purchase_order', 'orders', ['shop_id', 'purchase_order'], unique=False,
                        postgresql_where=sa.text('purchase_order IS NOT NULL'), postgresql_concurrently=True)


def downgrade() -> None:
    op.drop_index('ix_orders_purchase_order', table_name='orders')
    op.drop_index('ix_orders_customer', table_name='orders')
    op.execute("UPDATE finding SET severity = 'ask' WHERE severity = 'note'")
    op.drop_constraint(op.f('ck_finding_severity'), 'finding', type_='check')
    op.create_check_constraint(op.f('ck_finding_severity'), 'finding', "severity IN ('ask', 'review', 'reject')")
    op.drop_column('orders', 'purchase_order')
    op.drop_table('rule_setting')
    op.drop_table('memory_waiting')
    op.drop_table('memory_progress')
    op.drop_table('customer_memory')
    op.drop_table('article_memory')
