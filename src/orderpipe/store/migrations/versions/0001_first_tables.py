"""
The first tables
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('backorder',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.Column('location_id', sa.BigInteger(), nullable=True),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('fulfillment_id', sa.BigInteger(), nullable=True),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_backorder_quantity')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_backorder'))
    )
    op.create_index('ix_backorder_order_id', 'backorder', ['order_id'], unique=False)
    op.create_index('ix_backorder_sku', 'backorder', ['shop_id', 'sku', 'since'], unique=False)
    op.create_table('calendar',
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('time_zone', sa.Text(), nullable=False),
    sa.Column('hours', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('country', sa.Text(), server_default='', nullable=False),
    sa.Column('exceptions', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'code', name=op.f('pk_calendar'))
    )
    op.create_table('idempotency',
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('request_hash', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('answer', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'key', name=op.f('pk_idempotency'))
    )
    op.create_table('job_clock',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('due', sa.DateTime(timezone=True), nullable=False),
    sa.Column('owner', sa.Text(), server_default='', nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_job_clock'))
    )
    op.create_table('journal',
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('what', sa.Text(), nullable=False),
    sa.Column('fulfillment_id', sa.BigInteger(), nullable=True),
    sa.Column('before', sa.Text(), nullable=True),
    sa.Column('after', sa.Text(), nullable=True),
    sa.Column('note', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('spent_seconds', sa.Float(), nullable=True),
    sa.Column('target_seconds', sa.Float(), nullable=True),
    sa.Column('task_id', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('order_id', 'seq', name=op.f('pk_journal'))
    )
    op.create_index('ix_journal_at', 'journal', ['at'], unique=False, postgresql_using='brin', postgresql_with={'autosummarize': 'on'})
    op.create_table('notification',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=True),
    sa.Column('audience', sa.Text(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('recipient', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('language', sa.Text(), nullable=False),
    sa.Column('facts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('dedupe_key', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), server_default='pending', nullable=False),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('provider_id', sa.Text(), nullable=True),
    sa.Column('sent', sa.LargeBinary(), nullable=True),
    sa.CheckConstraint("(state IN ('pending', 'sending')) = (next_at IS NOT NULL)", name=op.f('ck_notification_pending_has_next_at')),
    sa.CheckConstraint("audience IN ('customer', 'office')", name=op.f('ck_notification_audience')),
    sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f('ck_notification_channel')),
    sa.CheckConstraint("state IN ('pending', 'sending', 'sent', 'dead')", name=op.f('ck_notification_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notification')),
    sa.UniqueConstraint('dedupe_key', name=op.f('uq_notification_dedupe_key')),
    postgresql_with={'fillfactor': 70}
    )
    op.create_index('ix_notification_dead', 'notification', ['id'], unique=False, postgresql_where=sa.text("state = 'dead'"))
    op.create_index('ix_notification_next_at', 'notification', ['channel', 'next_at'], unique=False, postgresql_where=sa.text('next_at IS NOT NULL'))
    op.create_index('ix_notification_order_id', 'notification', ['order_id'], unique=False)
    op.create_table('order_type',
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('lane', sa.Text(), nullable=False),
    sa.Column('prepaid', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('calendar', sa.Text(), server_default='standard', nullable=False),
    sa.Column('targets', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.CheckConstraint("lane IN ('express', 'standard', 'bulk')", name=op.f('ck_order_type_lane')),
    sa.PrimaryKeyConstraint('shop_id', 'code', name=op.f('pk_order_type'))
    )
    op.create_table('parcel',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('fulfillment_id', sa.BigInteger(), nullable=False),
    sa.Column('sscc', sa.Text(), nullable=False),
    sa.Column('carrier', sa.Text(), nullable=False),
    sa.Column('tracking_number', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('shipped_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_parcel')),
    sa.UniqueConstraint('tracking_number', name=op.f('uq_parcel_tracking_number')),
    postgresql_with={'fillfactor': 70}
    )
    op.create_index('ix_parcel_fulfillment_id', 'parcel', ['fulfillment_id'], unique=False)
    op.create_table('scan',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('fulfillment_id', sa.BigInteger(), nullable=False),
    sa.Column('client_id', sa.Text(), nullable=False),
    sa.Column('phase', sa.Text(), nullable=False),
    sa.Column('barcode', sa.Text(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=True),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('accepted', sa.Boolean(), nullable=False),
    sa.Column('code', sa.Text(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('operator', sa.Text(), nullable=False),
    sa.Column('station', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("phase IN ('pick', 'pack', 'short', 'performed')", name=op.f('ck_scan_phase')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_scan')),
    sa.UniqueConstraint('fulfillment_id', 'client_id', name=op.f('uq_scan_fulfillment_id_client_id'))
    )
    op.create_table('seal',
    sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('begins_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('until_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('entries', sa.BigInteger(), nullable=False),
    sa.Column('root', sa.LargeBinary(), nullable=False),
    sa.Column('previous', sa.LargeBinary(), nullable=False),
    sa.Column('sealed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('parts', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_seal'))
    )
    op.create_table('shop',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('language', sa.Text(), server_default='en', nullable=False),
    sa.Column('time_zone', sa.Text(), server_default='UTC', nullable=False),
    sa.Column('country', sa.Text(), server_default='GB', nullable=False),
    sa.Column('currency', sa.Text(), server_default='GBP', nullable=False),
    sa.Column('mail_from', sa.Text(), server_default='', nullable=False),
    sa.Column('office_email', sa.Text(), server_default='', nullable=False),
    sa.Column('backorder_policy', sa.Text(), server_default='as-available', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_shop')),
    sa.UniqueConstraint('code', name=op.f('uq_shop_code'))
    )
    op.create_table('stock_movement',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('location_id', sa.BigInteger(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('fulfillment_id', sa.BigInteger(), nullable=True),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('received', 'allocated', 'released', 'shipped', 'adjusted')", name=op.f('ck_stock_movement_kind')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stock_movement'))
    )
    op.create_table('tracking_event',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('tracking_number', sa.Text(), nullable=False),
    sa.Column('event_id', sa.Text(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('place', sa.Text(), nullable=True),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('merged', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tracking_event')),
    sa.UniqueConstraint('shop_id', 'tracking_number', 'event_id', name=op.f('uq_tracking_event_shop_id_tracking_number_event_id'))
    )
    op.create_table('api_key',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('hint', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], name=op.f('fk_api_key_shop_id_shop')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_key')),
    sa.UniqueConstraint('hash', name=op.f('uq_api_key_hash'))
    )
    op.create_index('ix_api_key_shop_id', 'api_key', ['shop_id'], unique=False)
    op.create_table('customer',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('contact_key', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), server_default='', nullable=False),
    sa.Column('phone', sa.Text(), server_default='', nullable=False),
    sa.Column('language', sa.Text(), server_default='en', nullable=False),
    sa.Column('address', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], name=op.f('fk_customer_shop_id_shop')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customer')),
    sa.UniqueConstraint('shop_id', 'contact_key', name=op.f('uq_customer_shop_id_contact_key'))
    )
    op.create_table('intake',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('source_id', sa.Text(), nullable=False),
    sa.Column('sender', sa.Text(), server_default='', nullable=False),
    sa.Column('parser', sa.Text(), nullable=False),
    sa.Column('raw', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('crashes', sa.Integer(), server_default='0', nullable=False),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('order_id', sa.BigInteger(), nullable=True),
    sa.Column('result', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.CheckConstraint("(state = 'pending') = (next_at IS NOT NULL)", name=op.f('ck_intake_pending_has_next_at')),
    sa.CheckConstraint("state IN ('pending', 'recorded', 'refused')", name=op.f('ck_intake_state')),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], name=op.f('fk_intake_shop_id_shop')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_intake')),
    sa.UniqueConstraint('shop_id', 'channel', 'source_id', name=op.f('uq_intake_shop_id_channel_source_id'))
    )
    op.create_index('ix_intake_next_at', 'intake', ['next_at'], unique=False, postgresql_where=sa.text('next_at IS NOT NULL'))
    op.create_index('ix_intake_refused', 'intake', ['shop_id', 'id'], unique=False, postgresql_where=sa.text("state = 'refused'"))
    op.create_table('location',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('time_zone', sa.Text(), server_default='UTC', nullable=False),
    sa.Column('country', sa.Text(), server_default='GB', nullable=False),
    sa.Column('calendar', sa.Text(), server_default='standard', nullable=False),
    sa.Column('carrier', sa.Text(), server_default='orderpipe-parcel', nullable=False),
    sa.Column('carrier_days', postgresql.JSONB(astext_type=sa.Text()), server_default='{"same_country": 2, "abroad": 5}', nullable=False),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], name=op.f('fk_location_shop_id_shop')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_location')),
    sa.UniqueConstraint('shop_id', 'code', name=op.f('uq_location_shop_id_code'))
    )
    op.create_table('orders',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('content_hash', sa.LargeBinary(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('lane', sa.Text(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('language', sa.Text(), nullable=False),
    sa.Column('customer', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('ship_to', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('payment_method', sa.Text(), nullable=False),
    sa.Column('prepaid', sa.Boolean(), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('total', sa.Numeric(precision=14, scale=2), nullable=True),
    sa.Column('requested_on', sa.Date(), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('backorder_policy', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('waiting_for', sa.Text(), nullable=True),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('crashes', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('stage_entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('complete_by', sa.DateTime(timezone=True), nullable=True),
    sa.Column('breached', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.CheckConstraint("(ended_at IS NULL) = (state NOT IN ('completed', 'canceled', 'rejected'))", name=op.f('ck_orders_ended_at')),
    sa.CheckConstraint("backorder_policy IN ('as-available', 'all-at-once')", name=op.f('ck_orders_backorder_policy')),
    sa.CheckConstraint("lane IN ('express', 'standard', 'bulk')", name=op.f('ck_orders_lane')),
    sa.CheckConstraint("state IN ('received', 'validated', 'allocated', 'promised', 'completed', 'canceled', 'rejected')", name=op.f('ck_orders_state')),
    sa.CheckConstraint("waiting_for IN ('query', 'office', 'stock', 'promise', 'date', 'payment', 'pick-scans', 'pack-scans', 'carrier', 'performance', 'fulfillments')", name=op.f('ck_orders_waiting_for')),
    sa.CheckConstraint('(ended_at IS NULL) = (next_at IS NOT NULL)', name=op.f('ck_orders_live_has_next_at')),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], name=op.f('fk_orders_shop_id_shop')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_orders')),
    sa.UniqueConstraint('shop_id', 'reference', name=op.f('uq_orders_shop_id_reference')),
    postgresql_with={'fillfactor': 60}
    )
    op.create_index('ix_orders_next_at', 'orders', ['shop_id', 'next_at'], unique=False, postgresql_where=sa.text('next_at IS NOT NULL'))
    op.create_table('product',
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), server_default='goods', nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('price', sa.Numeric(precision=14, scale=4), nullable=True),
    sa.Column('lead_days', sa.Integer(), server_default='0', nullable=False),
    sa.Column('discontinued', sa.Boolean(), server_default='false', nullable=False),
    sa.CheckConstraint("kind IN ('goods', 'service')", name=op.f('ck_product_kind')),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], name=op.f('fk_product_shop_id_shop')),
    sa.PrimaryKeyConstraint('shop_id', 'sku', name=op.f('pk_product'))
    )
    op.create_table('finding',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('rule', sa.Text(), nullable=False),
    sa.Column('severity', sa.Text(), nullable=False),
    sa.Column('field', sa.Text(), nullable=False),
    sa.Column('evidence', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cleared_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cleared_how', sa.Text(), nullable=True),
    sa.Column('cleared_by', sa.Text(), nullable=True),
    sa.CheckConstraint("severity IN ('ask', 'review', 'reject')", name=op.f('ck_finding_severity')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_finding_order_id_orders')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_finding'))
    )
    op.create_index('ix_finding_order_id', 'finding', ['order_id'], unique=False)
    op.create_table('fulfillment',
    sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('lane', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('location_id', sa.BigInteger(), nullable=True),
    sa.Column('reserved', sa.Boolean(), nullable=False),
    sa.Column('not_before', sa.DateTime(timezone=True), nullable=True),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('waiting_for', sa.Text(), nullable=True),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('crashes', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('stage_entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('breached', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.CheckConstraint("(ended_at IS NULL) = (state NOT IN ('delivered', 'canceled', 'returned', 'lost'))", name=op.f('ck_fulfillment_ended_at')),
    sa.CheckConstraint("kind = 'appointment' OR location_id IS NOT NULL", name=op.f('ck_fulfillment_parcel_has_location')),
    sa.CheckConstraint("kind IN ('parcel', 'appointment')", name=op.f('ck_fulfillment_kind')),
    sa.CheckConstraint("state = 'planned' OR state = 'canceled' OR reserved OR kind = 'appointment'", name=op.f('ck_fulfillment_reserved_when_released')),
    sa.CheckConstraint("state IN ('planned', 'released', 'picked', 'packed', 'shipped', 'delivered', 'canceled', 'returned', 'lost')", name=op.f('ck_fulfillment_state')),
    sa.CheckConstraint("waiting_for IN ('query', 'office', 'stock', 'promise', 'date', 'payment', 'pick-scans', 'pack-scans', 'carrier', 'performance', 'fulfillments')", name=op.f('ck_fulfillment_waiting_for')),
    sa.CheckConstraint('(ended_at IS NULL) = (next_at IS NOT NULL)', name=op.f('ck_fulfillment_live_has_next_at')),
    sa.CheckConstraint('id / 1000 = order_id', name=op.f('ck_fulfillment_id_tells_the_order')),
    sa.ForeignKeyConstraint(['location_id'], ['location.id'], name=op.f('fk_fulfillment_location_id_location')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_fulfillment_order_id_orders')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fulfillment')),
    postgresql_with={'fillfactor': 50}
    )
    op.create_index('ix_fulfillment_next_at', 'fulfillment', ['shop_id', 'next_at'], unique=False, postgresql_where=sa.text('next_at IS NOT NULL'))
    op.create_index('ix_fulfillment_order_id', 'fulfillment', ['order_id'], unique=False)
    op.create_table('hold',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('fulfillment_id', sa.BigInteger(), nullable=True),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('stops', sa.Text(), nullable=False),
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('deadline', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_how', sa.Text(), nullable=True),
    sa.Column('closed_by', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_hold_order_id_orders')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hold'))
    )
    op.create_index('ix_hold_fulfillment_id', 'hold', ['fulfillment_id'], unique=False, postgresql_where=sa.text('fulfillment_id IS NOT NULL'))
    op.create_index('uq_hold_open', 'hold', ['order_id', sa.literal_column('coalesce(fulfillment_id, 0)'), 'kind'], unique=True, postgresql_where=sa.text('closed_at IS NULL'))
    op.create_table('order_line',
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.SmallInteger(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), server_default='goods', nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('canceled', sa.Integer(), server_default='0', nullable=False),
    sa.Column('unit_price', sa.Numeric(precision=14, scale=4), nullable=True),
    sa.CheckConstraint("kind IN ('goods', 'service')", name=op.f('ck_order_line_kind')),
    sa.CheckConstraint('0 <= canceled AND canceled <= greatest(quantity, 0)', name=op.f('ck_order_line_canceled_within_quantity')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_order_line_order_id_orders')),
    sa.PrimaryKeyConstraint('order_id', 'number', name=op.f('pk_order_line')),
    postgresql_with={'fillfactor': 90}
    )
    op.create_table('payment',
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('reference', sa.Text(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('currency', sa.Text(), nullable=False),
    sa.Column('method', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_by', sa.Text(), nullable=False),
    sa.CheckConstraint('amount <> 0', name=op.f('ck_payment_amount')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_payment_order_id_orders')),
    sa.PrimaryKeyConstraint('order_id', 'reference', name=op.f('pk_payment'))
    )
    op.create_table('product_gtin',
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('gtin', sa.Text(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.Column('pack_quantity', sa.Integer(), server_default='1', nullable=False),
    sa.CheckConstraint('pack_quantity > 0', name=op.f('ck_product_gtin_pack_quantity')),
    sa.ForeignKeyConstraint(['shop_id', 'sku'], ['product.shop_id', 'product.sku'], name=op.f('fk_product_gtin_shop_id_sku_product')),
    sa.PrimaryKeyConstraint('shop_id', 'gtin', name=op.f('pk_product_gtin'))
    )
    op.create_index('ix_product_gtin_sku', 'product_gtin', ['shop_id', 'sku'], unique=False)
    op.create_table('query',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('token', sa.Text(), nullable=False),
    sa.Column('doubts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reminded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('escalated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by', sa.Text(), nullable=True),
    sa.Column('answer', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.CheckConstraint("state IN ('open', 'answered', 'closed')", name=op.f('ck_query_state')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_query_order_id_orders')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_query')),
    sa.UniqueConstraint('token', name=op.f('uq_query_token'))
    )
    op.create_index('uq_query_open', 'query', ['order_id'], unique=True, postgresql_where=sa.text("state = 'open'"))
    op.create_table('stock',
    sa.Column('location_id', sa.BigInteger(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.Column('on_hand', sa.Integer(), server_default='0', nullable=False),
    sa.Column('allocated', sa.Integer(), server_default='0', nullable=False),
    sa.CheckConstraint('0 <= allocated AND allocated <= on_hand', name=op.f('ck_stock_allocated_within_on_hand')),
    sa.ForeignKeyConstraint(['location_id'], ['location.id'], name=op.f('fk_stock_location_id_location')),
    sa.PrimaryKeyConstraint('location_id', 'sku', name=op.f('pk_stock')),
    postgresql_with={'fillfactor': 50}
    )
    op.create_table('fulfillment_line',
    sa.Column('fulfillment_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.SmallInteger(), nullable=False),
    sa.Column('sku', sa.Text(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('picked', sa.Integer(), server_default='0', nullable=False),
    sa.Column('short', sa.Integer(), server_default='0', nullable=False),
    sa.Column('packed', sa.Integer(), server_default='0', nullable=False),
    sa.CheckConstraint('0 <= packed AND packed <= picked AND picked + short <= quantity', name=op.f('ck_fulfillment_line_packed_picked_quantity')),
    sa.CheckConstraint('quantity >= 0', name=op.f('ck_fulfillment_line_quantity')),
    sa.ForeignKeyConstraint(['fulfillment_id'], ['fulfillment.id'], name=op.f('fk_fulfillment_line_fulfillment_id_fulfillment')),
    sa.PrimaryKeyConstraint('fulfillment_id', 'number', name=op.f('pk_fulfillment_line')),
    postgresql_with={'fillfactor': 60}
    )
    op.create_table('promise',
    sa.Column('fulfillment_id', sa.BigInteger(), nullable=False),
    sa.Column('revision', sa.SmallInteger(), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('arithmetic', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['fulfillment_id'], ['fulfillment.id'], name=op.f('fk_promise_fulfillment_id_fulfillment')),
    sa.PrimaryKeyConstraint('fulfillment_id', 'revision', name=op.f('pk_promise'))
    )


def downgrade() -> None:
    op.drop_table('promise')
    op.drop_table('fulfillment_line')
    op.drop_table('stock')
    op.drop_index('uq_query_open', table_name='query', postgresql_where=sa.text("state = 'open'"))
    op.drop_table('query')
    op.drop_index('ix_product_gtin_sku', table_name='product_gtin')
    op.drop_table('product_gtin')
    op.drop_table('payment')
    op.drop_table('order_line')
    op.drop_index('uq_hold_open', table_name='hold', postgresql_where=sa.text('closed_at IS NULL'))
    op.drop_table('hold')
    op.drop_index('ix_fulfillment_order_id', table_name='fulfillment')
    op.drop_index('ix_fulfillment_next_at', table_name='fulfillment', postgresql_where=sa.text('next_at IS NOT NULL'))
    op.drop_table('fulfillment')
    op.drop_index('ix_finding_order_id', table_name='finding')
    op.drop_table('finding')
    op.drop_table('product')
    op.drop_index('ix_orders_next_at', table_name='orders', postgresql_where=sa.text('next_at IS NOT NULL'))
    op.drop_table('orders')
    op.drop_table('location')
    op.drop_index('ix_intake_refused', table_name='intake', postgresql_where=sa.text("state = 'refused'"))
    op.drop_index('ix_intake_next_at', table_name='intake', postgresql_where=sa.text('next_at IS NOT NULL'))
    op.drop_table('intake')
    op.drop_table('customer')
    op.drop_index('ix_api_key_shop_id', table_name='api_key')
    op.drop_table('api_key')
    op.drop_table('tracking_event')
    op.drop_table('stock_movement')
    op.drop_table('shop')
    op.drop_table('seal')
    op.drop_table('scan')
    op.drop_index('ix_parcel_fulfillment_id', table_name='parcel')
    op.drop_table('parcel')
    op.drop_table('order_type')
    op.drop_index('ix_notification_order_id', table_name='notification')
    op.drop_index('ix_notification_next_at', table_name='notification', postgresql_where=sa.text('next_at IS NOT NULL'))
    op.drop_index('ix_notification_dead', table_name='notification', postgresql_where=sa.text("state = 'dead'"))
    op.drop_table('notification')
    op.drop_index('ix_journal_at', table_name='journal', postgresql_using='brin', postgresql_with={'autosummarize': 'on'})
    op.drop_table('journal')
    op.drop_table('job_clock')
    op.drop_table('idempotency')
    op.drop_table('calendar')
    op.drop_index('ix_backorder_sku', table_name='backorder')
    op.drop_index('ix_backorder_order_id', table_name='backorder')
    op.drop_table('backorder')
