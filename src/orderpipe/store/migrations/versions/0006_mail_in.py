"""
Mail that comes in, addresses that nothing arrives at, letters that bounced
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('mail_in',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('mailbox', sa.Text(), nullable=False),
    sa.Column('uid_validity', sa.BigInteger(), nullable=False),
    sa.Column('uid', sa.BigInteger(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('raw', sa.LargeBinary(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('message_id', sa.Text(), server_default='', nullable=False),
    sa.Column('sender', sa.Text(), server_default='', nullable=False),
    sa.Column('sender_name', sa.Text(), server_default='', nullable=False),
    sa.Column('subject', sa.Text(), server_default='', nullable=False),
    sa.Column('state', sa.Text(), server_default='new', nullable=False),
    sa.Column('kind', sa.Text(), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.Column('order_id', sa.BigInteger(), nullable=True),
    sa.Column('notification_id', sa.BigInteger(), nullable=True),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('handled_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('new', 'done', 'open')", name=op.f('ck_mail_in_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mail_in')),
    sa.UniqueConstraint('digest', name=op.f('uq_mail_in_digest'))
    )
    op.create_index('ix_mail_in_place', 'mail_in', ['mailbox', 'uid_validity', 'uid'], unique=False)
    op.create_index('ix_mail_in_waiting', 'mail_in', ['state', 'id'], unique=False, postgresql_where=sa.text("state <> 'done'"))
    op.create_index('ix_mail_in_order_id', 'mail_in', ['order_id'], unique=False, postgresql_where=sa.text('order_id IS NOT NULL'))
    op.create_table('address_flag',
    sa.Column('shop_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cleared_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f('ck_address_flag_channel')),
    sa.PrimaryKeyConstraint('shop_id', 'channel', 'address', name=op.f('pk_address_flag'))
    )
    op.add_column('notification', sa.Column('bounced_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('notification', sa.Column('bounce', sa.Text(), nullable=True))
    op.add_column('notification', sa.Column('fell_back_at', sa.DateTime(timezone=True), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index('ix_notification_bounced', 'notification', ['id'], unique=False, postgresql_concurrently=True,
                        postgresql_where=sa.text('bounced_at IS NOT NULL AND fell_back_at IS NULL'))


def downgrade() -> None:
    op.drop_index('ix_notification_bounced', table_name='notification')
    op.drop_column('notification', 'fell_back_at')
    op.drop_column('notification', 'bounce')
    op.drop_column('notification', 'bounced_at')
    op.drop_table('address_flag')
    op.drop_table('mail_in')
