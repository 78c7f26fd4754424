"""
Letters that customers may turn off, quiet hours, letters that become one, shops' own words
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

STATES = "'pending', 'sending', 'sent', 'dead', 'superseded', 'withdrawn', 'declined'"


def upgrade() -> None:
    op.create_table('contact_preference',
    sa.Column('shop_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('contact', sa.Text(), nullable=False),
    sa.Column('declined', sa.ARRAY(sa.Text()), server_default='{}', nullable=False),
    sa.Column('channel', sa.Text(), nullable=True),
    sa.Column('language', sa.Text(), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.Text(), nullable=False),
    sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f('ck_contact_preference_channel')),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], name=op.f('fk_contact_preference_shop_id_shop')),
    sa.PrimaryKeyConstraint('shop_id', 'contact', name=op.f('pk_contact_preference'))
    )
    op.create_table('shop_template',
    sa.Column('shop_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('language', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], name=op.f('fk_shop_template_shop_id_shop')),
    sa.PrimaryKeyConstraint('shop_id', 'kind', 'language', name=op.f('pk_shop_template'))
    )
    op.add_column('shop', sa.Column('pause_seconds', sa.Integer(), server_default='60', nullable=False))
    op.add_column('shop', sa.Column('quiet_from', sa.Time(), server_default='21:00', nullable=False))
    op.add_column('shop', sa.Column('quiet_until', sa.Time(), server_default='08:00', nullable=False))
    op.add_column('shop', sa.Column('wakes', sa.ARRAY(sa.Text()), server_default='{}', nullable=False))
    op.add_column('job_clock', sa.Column('seen_until', sa.DateTime(timezone=True), nullable=True))
    op.add_column('notification', sa.Column('superseded_by', sa.BigInteger(), nullable=True))
    # the rows that are there hold the narrower rule, so nobody waits while a large table is read
    op.execute(f"ALTER TABLE notification DROP CONSTRAINT ck_notification_state,"
               f" ADD CONSTRAINT ck_notification_state CHECK (state IN ({STATES})) NOT VALID")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE notification VALIDATE CONSTRAINT ck_notification_state")


def downgrade() -> None:
    op.execute("UPDATE notification SET state = 'withdrawn' WHERE state IN ('superseded', 'declined')")
    op.execute("ALTER TABLE notification DROP CONSTRAINT ck_notification_state,"
               " ADD CONSTRAINT ck_notification_state CHECK (state IN ('pending', 'sending', 'sent', 'dead', 'withdrawn'))")
    op.drop_column('notification', 'superseded_by')
    op.drop_column('job_clock', 'seen_until')
    op.drop_column('shop', 'wakes')
    op.drop_column('shop', 'quiet_until')
    op.drop_column('shop', 'quiet_from')
    op.drop_column('shop', 'pause_seconds')
    op.drop_table('shop_template')
    op.drop_table('contact_preference')
