"""
Webhooks to shops; erasing customers, and how long their data are kept
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('webhook_delivery',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('endpoint_id', sa.BigInteger(), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=True),
    sa.Column('seq', sa.Integer(), server_default='0', nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Text(), server_default='pending', nullable=False),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('said', sa.Text(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('took', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('tried_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'pending') = (next_at IS NOT NULL)", name=op.f('ck_webhook_delivery_pending_has_next_at')),
    sa.CheckConstraint("state IN ('pending', 'sent', 'dead')", name=op.f('ck_webhook_delivery_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_delivery')),
    postgresql_with={'fillfactor': 70}
    )
    op.create_index('ix_webhook_delivery_event', 'webhook_delivery', ['endpoint_id', 'order_id', 'seq'], unique=True)
    op.create_index('ix_webhook_delivery_shop_id', 'webhook_delivery', ['shop_id', 'id'], unique=False)
    op.create_index('ix_webhook_delivery_waiting', 'webhook_delivery', ['endpoint_id', 'id'], unique=False, postgresql_where=sa.text('next_at IS NOT NULL'))
    op.create_table('webhook_progress',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('collected_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('looked_back_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_progress'))
    )
    op.create_table('webhook_endpoint',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('events', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('description', sa.Text(), server_default='', nullable=False),
    sa.Column('enabled', sa.Boolean(), server_default='true', nullable=False),
    sa.Column('secret', sa.Text(), nullable=False),
    sa.Column('old_secret', sa.Text(), nullable=True),
    sa.Column('old_secret_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('active_since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('failing_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failures', sa.Integer(), server_default='0', nullable=False),
    sa.Column('rests_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('busy_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('served_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('disabled_why', sa.Text(), nullable=True),
    sa.CheckConstraint('enabled = (disabled_at IS NULL)', name=op.f('ck_webhook_endpoint_disabled_at')),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], name=op.f('fk_webhook_endpoint_shop_id_shop')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_endpoint')),
    postgresql_with={'fillfactor': 50}
    )
    op.create_index('ix_webhook_endpoint_shop_id', 'webhook_endpoint', ['shop_id'], unique=False)
    op.create_table('erasure',
    sa.Column('order_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('order_id', name=op.f('pk_erasure'))
    )
    op.create_index('ix_erasure_marked', 'erasure', ['order_id'], unique=False, postgresql_where=sa.text('erased_at IS NULL'))
    op.create_table('retention',
    sa.Column('shop_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('personal_days', sa.Integer(), nullable=True),
    sa.Column('letters_days', sa.Integer(), nullable=True),
    sa.Column('personal_after', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('letters_after', sa.BigInteger(), server_default='0', nullable=False),
    sa.CheckConstraint('personal_days > 0 AND letters_days > 0', name=op.f('ck_retention_days')),
    sa.PrimaryKeyConstraint('shop_id', name=op.f('pk_retention'))
    )
    with op.get_context().autocommit_block():
        op.create_index('ix_intake_order_id', 'intake', ['order_id'], unique=False, postgresql_using='brin',
            postgresql_with={'autosummarize': 'on'}, postgresql_concurrently=True, if_not_exists=True)


def downgrade() -> None:
    op.drop_index('ix_intake_order_id', table_name='intake')
    op.drop_table('retention')
    op.drop_table('erasure')
    op.drop_index('ix_webhook_endpoint_shop_id', table_name='webhook_endpoint')
    op.drop_table('webhook_endpoint')
    op.drop_table('webhook_progress')
    op.drop_index('ix_webhook_delivery_waiting', table_name='webhook_delivery', postgresql_where=sa.text('next_at IS NOT NULL'))
    op.drop_index('ix_webhook_delivery_shop_id', table_name='webhook_delivery')
    op.drop_index('ix_webhook_delivery_event', table_name='webhook_delivery')
    op.drop_table('webhook_delivery')
