"""
Cases, returns, refunds, replacements and feedback
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('case_target',
    sa.Column('shop_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('order_type', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('acknowledge_minutes', sa.Integer(), nullable=False),
    sa.Column('resolve_minutes', sa.Integer(), nullable=False),
    sa.CheckConstraint('0 < acknowledge_minutes AND acknowledge_minutes <= resolve_minutes', name=op.f('ck_case_target_minutes')),
    sa.PrimaryKeyConstraint('shop_id', 'order_type', 'kind', name=op.f('pk_case_target'))
    )
    op.create_table('case_terms',
    sa.Column('shop_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('low_score', sa.SmallInteger(), nullable=False),
    sa.Column('remind_days', sa.SmallInteger(), nullable=False),
    sa.Column('change_days', sa.SmallInteger(), nullable=False),
    sa.Column('return_days', sa.SmallInteger(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', name=op.f('pk_case_terms'))
    )
    op.create_table('feedback',
    sa.Column('order_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('score', sa.SmallInteger(), nullable=True),
    sa.Column('comment', sa.Text(), server_default='', nullable=False),
    sa.Column('arrived', sa.Boolean(), nullable=True),
    sa.Column('channel', sa.Text(), nullable=True),
    sa.Column('first_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('score BETWEEN 1 AND 5', name=op.f('ck_feedback_score')),
    sa.PrimaryKeyConstraint('order_id', name=op.f('pk_feedback')),
    postgresql_with={'fillfactor': 80}
    )
    op.create_index('ix_feedback_next_at', 'feedback', ['next_at'], unique=False, postgresql_where=sa.text('next_at IS NOT NULL'))
    op.create_table('refund',
    sa.Column('order_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('instructed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('instructed_by', sa.Text(), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('amount > 0', name=op.f('ck_refund_amount')),
    sa.PrimaryKeyConstraint('order_id', 'reference', name=op.f('pk_refund'))
    )
    op.create_index('ix_refund_case_id', 'refund', ['case_id'], unique=False)
    op.create_table('replacement',
    sa.Column('order_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('replaces', sa.BigInteger(), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('order_id', name=op.f('pk_replacement'))
    )
    op.create_index('ix_replacement_replaces', 'replacement', ['replaces'], unique=False)
    op.create_table('case_file',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('severity', sa.Text(), server_default='normal', nullable=False),
    sa.Column('owner', sa.Text(), server_default='', nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('opened_by', sa.Text(), nullable=False),
    sa.Column('dedupe_key', sa.Text(), nullable=False),
    sa.Column('lines', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
    sa.Column('fulfillment_id', sa.BigInteger(), nullable=True),
    sa.Column('holds', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('acknowledge_warn_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('acknowledge_by', sa.DateTime(timezone=True), nullable=False),
    sa.Column('resolve_warn_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('resolve_by', sa.DateTime(timezone=True), nullable=False),
    sa.Column('acknowledged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('responded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('reopened', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.Column('remedies', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
    sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f('ck_case_file_closed_at')),
    sa.CheckConstraint("cause IN ('damaged', 'wrong-item', 'missing-item', 'late', 'quality', 'billing', 'not-ordered', 'changed-mind', 'carrier-lost', 'carrier-returned', 'other')", name=op.f('ck_case_file_cause')),
    sa.CheckConstraint("channel IN ('page', 'email', 'staff', 'api', 'orderpipe')", name=op.f('ck_case_file_channel')),
    sa.CheckConstraint("kind IN ('complaint', 'return', 'claim', 'order-error', 'withdrawal', 'enquiry')", name=op.f('ck_case_file_kind')),
    sa.CheckConstraint("severity IN ('low', 'normal', 'high')", name=op.f('ck_case_file_severity')),
    sa.CheckConstraint("state IN ('received', 'acknowledged', 'assessed', 'investigated', 'responded', 'closed')", name=op.f('ck_case_file_state')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_case_file_order_id_orders')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_file')),
    sa.UniqueConstraint('dedupe_key', name=op.f('uq_case_file_dedupe_key')),
    postgresql_with={'fillfactor': 70}
    )
    op.create_index('ix_case_file_next_at', 'case_file', ['next_at'], unique=False, postgresql_where=sa.text('next_at IS NOT NULL'))
    op.create_index('ix_case_file_order_id', 'case_file', ['order_id'], unique=False)
    op.create_index('ix_case_file_shop_id', 'case_file', ['shop_id', 'id'], unique=False)
    op.create_table('case_message',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('direction', sa.Text(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('author', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('source_id', sa.Text(), nullable=True),
    sa.CheckConstraint("direction IN ('in', 'out', 'note')", name=op.f('ck_case_message_direction')),
    sa.ForeignKeyConstraint(['case_id'], ['case_file.id'], name=op.f('fk_case_message_case_id_case_file')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_message'))
    )
    op.create_index('ix_case_message_case_id', 'case_message', ['case_id'], unique=False)
    op.create_index('uq_case_message_source', 'case_message', ['source_id'], unique=True, postgresql_where=sa.text('source_id IS NOT NULL'))
    op.create_table('return_authorisation',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('case_id', sa.BigInteger(), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('location_id', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('authorised_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('authorised_by', sa.Text(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('authorised', 'received', 'inspected', 'expired')", name=op.f('ck_return_authorisation_state')),
    sa.ForeignKeyConstraint(['case_id'], ['case_file.id'], name=op.f('fk_return_authorisation_case_id_case_file')),
    sa.ForeignKeyConstraint(['location_id'], ['location.id'], name=op.f('fk_return_authorisation_location_id_location')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_return_authorisation_order_id_orders')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_return_authorisation'))
    )
    op.create_index('ix_return_authorisation_expires_at', 'return_authorisation', ['expires_at'], unique=False, postgresql_where=sa.text("state = 'authorised'"))
    op.create_index('ix_return_authorisation_order_id', 'return_authorisation', ['order_id'], unique=False)
    op.create_table('return_item',
    sa.Column('return_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.SmallInteger(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('received', sa.Integer(), server_default='0', nullable=False),
    sa.Column('restocked', sa.Integer(), server_default='0', nullable=False),
    sa.Column('written_off', sa.Integer(), server_default='0', nullable=False),
    sa.CheckConstraint('0 < quantity AND received BETWEEN 0 AND quantity', name=op.f('ck_return_item_received_within_quantity')),
    sa.CheckConstraint('0 <= restocked AND 0 <= written_off AND restocked + written_off <= received', name=op.f('ck_return_item_inspected_within_received')),
    sa.ForeignKeyConstraint(['return_id'], ['return_authorisation.id'], name=op.f('fk_return_item_return_id_return_authorisation')),
    sa.PrimaryKeyConstraint('return_id', 'number', name=op.f('pk_return_item'))
    )
    op.create_table('return_scan',
    sa.Column('return_id', sa.BigInteger(), nullable=False),
    sa.Column('client_id', sa.Text(), nullable=False),
    sa.Column('barcode', sa.Text(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=True),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('accepted', sa.Boolean(), nullable=False),
    sa.Column('code', sa.Text(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('operator', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['return_id'], ['return_authorisation.id'], name=op.f('fk_return_scan_return_id_return_authorisation')),
    sa.PrimaryKeyConstraint('return_id', 'client_id', name=op.f('pk_return_scan'))
    )


def downgrade() -> None:
    op.drop_table('return_scan')
    op.drop_table('return_item')
    op.drop_index('ix_return_authorisation_order_id', table_name='return_authorisation')
    op.drop_index('ix_return_authorisation_expires_at', table_name='return_authorisation', postgresql_where=sa.text("state = 'authorised'"))
    op.drop_table('return_authorisation')
    op.drop_index('uq_case_message_source', table_name='case_message', postgresql_where=sa.text('source_id IS NOT NULL'))
    op.drop_index('ix_case_message_case_id', table_name='case_message')
    op.drop_table('case_message')
    op.drop_index('ix_case_file_shop_id', table_name='case_file')
    op.drop_index('ix_case_file_order_id', table_name='case_file')
    op.drop_index('ix_case_file_next_at', table_name='case_file', postgresql_where=sa.text('next_at IS NOT NULL'))
    op.drop_table('case_file')
    op.drop_index('ix_replacement_replaces', table_name='replacement')
    op.drop_table('replacement')
    op.drop_index('ix_refund_case_id', table_name='refund')
    op.drop_table('refund')
    op.drop_index('ix_feedback_next_at', table_name='feedback', postgresql_where=sa.text('next_at IS NOT NULL'))
    op.drop_table('feedback')
    op.drop_table('case_terms')
    op.drop_table('case_target')
