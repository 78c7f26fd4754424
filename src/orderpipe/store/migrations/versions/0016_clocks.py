"""
Clocks: when each order is looked at, which targets were missed and said so, alarms with their ladder; desks, and chats as a way out
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0016'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('alarm',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('stage', sa.Text(), nullable=False),
    sa.Column('location_id', sa.BigInteger(), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('level', sa.SmallInteger(), server_default='0', nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('acknowledged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('acknowledged_by', sa.Text(), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('warned', 'breached')", name=op.f('ck_alarm_kind')),
    sa.CheckConstraint('next_at IS NULL OR acknowledged_at IS NULL AND closed_at IS NULL', name=op.f('ck_alarm_goes_on')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alarm'))
    )
    op.create_index('ix_alarm_next_at', 'alarm', ['next_at'], unique=False, postgresql_where=sa.text('next_at IS NOT NULL'))
    op.create_index('ix_alarm_open', 'alarm', ['shop_id', 'stage'], unique=False,
                    postgresql_where=sa.text('acknowledged_at IS NULL AND closed_at IS NULL'))
    op.create_table('clock_rules',
    sa.Column('id', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('fingerprint', sa.Text(), nullable=False),
    sa.Column('after_id', sa.BigInteger(), nullable=True),
    sa.CheckConstraint('id = 1', name=op.f('ck_clock_rules_one')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clock_rules'))
    )
    op.create_table('desk',
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('calendar', sa.Text(), server_default='', nullable=False),
    sa.Column('stages', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('escalation', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'code', name=op.f('pk_desk'))
    )
    op.create_table('missed_target',
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('fulfillment_id', sa.BigInteger(), nullable=False),
    sa.Column('stage', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('alarm_id', sa.BigInteger(), nullable=True),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('target_minutes', sa.Float(), nullable=False),
    sa.CheckConstraint("kind IN ('warned', 'breached')", name=op.f('ck_missed_target_kind')),
    sa.PrimaryKeyConstraint('order_id', 'fulfillment_id', 'stage', 'kind', name=op.f('pk_missed_target'))
    )
    op.create_index('ix_missed_target_alarm_id', 'missed_target', ['alarm_id'], unique=False)
    op.create_table('watch',
    sa.Column('order_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('look_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('order_id', name=op.f('pk_watch'))
    )
    op.create_index('ix_watch_look_at', 'watch', ['look_at'], unique=False)
    op.add_column('order_type', sa.Column('pauses', sa.ARRAY(sa.Text()), server_default='{customer,shop,carrier}', nullable=False))
    op.add_column('order_type', sa.Column('warn_share', sa.Float(), server_default='0.8', nullable=False))
    op.create_check_constraint(op.f('ck_order_type_warn_share'), 'order_type', '0 < warn_share AND warn_share <= 1')
    op.drop_constraint(op.f('ck_notification_channel'), 'notification', type_='check')
    # looked through afterwards, when nobody has to wait for it
    op.execute("ALTER TABLE notification ADD CONSTRAINT ck_notification_channel CHECK (channel IN ('email', 'sms', 'chat')) NOT VALID")
    op.execute("INSERT INTO watch (order_id, look_at) SELECT id, now() FROM orders WHERE next_at IS NOT NULL ORDER BY id")
    # what the release before has said is not said again
    op.execute("""INSERT INTO missed_target (order_id, fulfillment_id, stage, kind, since, due_at, target_minutes)
        SELECT id, 0, state, 'breached', stage_entered_at, due_at, 0 FROM orders WHERE next_at IS NOT NULL AND breached & 1 = 1 AND due_at IS NOT NULL
        UNION ALL SELECT id, 0, 'whole', 'breached', received_at, complete_by, 0 FROM orders
            WHERE next_at IS NOT NULL AND breached & 2 = 2 AND complete_by IS NOT NULL
        UNION ALL SELECT order_id, id, CASE WHEN kind = 'appointment' AND state = 'released' THEN 'performed' ELSE state END, 'breached',
            stage_entered_at, due_at, 0 FROM fulfillment WHERE next_at IS NOT NULL AND breached & 1 = 1 AND due_at IS NOT NULL""")
    with op.get_context().autocommit_block():
        op.execute('ALTER TABLE notification VALIDATE CONSTRAINT ck_notification_channel')


def downgrade() -> None:
    op.drop_constraint(op.f('ck_notification_channel'), 'notification', type_='check')
    op.execute("DELETE FROM notification WHERE channel = 'chat'")
    op.create_check_constraint(op.f('ck_notification_channel'), 'notification', "channel IN ('email', 'sms')")
    op.drop_constraint(op.f('ck_order_type_warn_share'), 'order_type', type_='check')
    op.drop_column('order_type', 'warn_share')
    op.drop_column('order_type', 'pauses')
    op.drop_index('ix_watch_look_at', table_name='watch')
    op.drop_table('watch')
    op.drop_index('ix_missed_target_alarm_id', table_name='missed_target')
    op.drop_table('missed_target')
    op.drop_table('desk')
    op.drop_table('clock_rules')
    op.drop_index('ix_alarm_open', table_name='alarm', postgresql_where=sa.text('acknowledged_at IS NULL AND closed_at IS NULL'))
    op.drop_index('ix_alarm_next_at', table_name='alarm', postgresql_where=sa.text('next_at IS NOT NULL'))
    op.drop_table('alarm')
