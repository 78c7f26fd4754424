"""
Delays: what was found, told and chosen, when promises are looked at, what silence means; substitutes, and the carrier's own dates
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('delay',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('fulfillment_ids', sa.ARRAY(sa.BigInteger()), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('round', sa.SmallInteger(), server_default='1', nullable=False),
    sa.Column('warned_round', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('warn', sa.Boolean(), server_default='false', nullable=False),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('original_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('promised_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revised_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('policy', sa.Text(), nullable=True),
    sa.Column('silence', sa.Text(), nullable=True),
    sa.Column('options', sa.ARRAY(sa.Text()), server_default='{}', nullable=False),
    sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('remind_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reminded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('call_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('called_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answer_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('chosen', sa.Text(), nullable=True),
    sa.Column('chosen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('chosen_by', sa.Text(), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_how', sa.Text(), nullable=True),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.CheckConstraint("(state = 'settled') = (settled_at IS NOT NULL)", name=op.f('ck_delay_settled_at')),
    sa.CheckConstraint("(state IN ('late', 'told')) = (next_at IS NOT NULL)", name=op.f('ck_delay_live_has_next_at')),
    sa.CheckConstraint("cause IN ('stock', 'preparing', 'carrier', 'performer')", name=op.f('ck_delay_cause')),
    sa.CheckConstraint("chosen IN ('wait', 'part', 'substitute', 'cancel')", name=op.f('ck_delay_chosen')),
    sa.CheckConstraint("policy IN ('us-mail-order', 'silence-is-consent', 'express-consent', 'office')", name=op.f('ck_delay_policy')),
    sa.CheckConstraint("silence IN ('consents', 'cancels', 'calls')", name=op.f('ck_delay_silence')),
    sa.CheckConstraint("state IN ('at-risk', 'late', 'told', 'chosen', 'settled')", name=op.f('ck_delay_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delay'))
    )
    op.create_index('ix_delay_next_at', 'delay', ['next_at'], unique=False, postgresql_where=sa.text('next_at IS NOT NULL'))
    op.create_index('ix_delay_order_id', 'delay', ['order_id'], unique=False)
    op.create_index('ix_delay_warn', 'delay', ['id'], unique=False, postgresql_where=sa.text('warn'))
    op.create_index('uq_delay_open', 'delay', ['order_id'], unique=True, postgresql_where=sa.text("state <> 'settled'"))
    op.create_table('delay_policy',
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('order_type', sa.Text(), server_default='', nullable=False),
    sa.Column('policy', sa.Text(), nullable=False),
    sa.CheckConstraint("policy IN ('us-mail-order', 'silence-is-consent', 'express-consent', 'office')", name=op.f('ck_delay_policy_policy')),
    sa.PrimaryKeyConstraint('shop_id', 'order_type', name=op.f('pk_delay_policy'))
    )
    op.create_table('outlook',
    sa.Column('fulfillment_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('look_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('fulfillment_id', name=op.f('pk_outlook'))
    )
    op.create_index('ix_outlook_look_at', 'outlook', ['look_at'], unique=False)
    op.execute("""INSERT INTO outlook (fulfillment_id, look_at) SELECT f.id, now() FROM fulfillment f
        WHERE f.next_at IS NOT NULL AND EXISTS (SELECT FROM promise p WHERE p.fulfillment_id = f.id) ORDER BY f.id""")
    op.add_column('parcel', sa.Column('expected_on', sa.Date(), nullable=True))
    op.add_column('product', sa.Column('substitute_sku', sa.Text(), nullable=True))
    op.add_column('tracking_event', sa.Column('expected_on', sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column('tracking_event', 'expected_on')
    op.drop_column('product', 'substitute_sku')
    op.drop_column('parcel', 'expected_on')
    op.drop_index('ix_outlook_look_at', table_name='outlook')
    op.drop_table('outlook')
    op.drop_table('delay_policy')
    op.drop_index('ix_delay_warn', table_name='delay', postgresql_where=sa.text('warn'))
    op.drop_index('uq_delay_open', table_name='delay', postgresql_where=sa.text("state <> 'settled'"))
    op.drop_index('ix_delay_order_id', table_name='delay')
    op.drop_index('ix_delay_next_at', table_name='delay', postgresql_where=sa.text('next_at IS NOT NULL'))
    op.drop_table('delay')
