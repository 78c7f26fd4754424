"""
Imports of files: how far each is, where orders came from, what files beside say
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('import_beside',
    sa.Column('import_id', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('fields', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('import_id', 'source', 'key', 'place', name=op.f('pk_import_beside')),
    prefixes=['UNLOGGED']
    )
    op.create_table('import_file',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('fingerprint', sa.LargeBinary(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('position', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('line', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('carry', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('counts', postgresql.JSONB(astext_type=sa.Text()), server_default='{}', nullable=False),
    sa.Column('rejects_size', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['shop_id'], ['shop.id'], name=op.f('fk_import_file_shop_id_shop')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_file')),
    sa.UniqueConstraint('shop_id', 'fingerprint', name=op.f('uq_import_file_shop_id_fingerprint'))
    )
    op.create_table('import_order',
    sa.Column('order_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('shop_id', sa.BigInteger(), nullable=False),
    sa.Column('import_id', sa.BigInteger(), nullable=False),
    sa.Column('line', sa.BigInteger(), nullable=False),
    sa.Column('customer', sa.Text(), nullable=False),
    sa.Column('placed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_import_order_order_id_orders')),
    sa.PrimaryKeyConstraint('order_id', name=op.f('pk_import_order'))
    )
    op.create_index('ix_import_order_customer', 'import_order', ['shop_id', 'customer', 'placed_at', 'order_id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_import_order_customer', table_name='import_order')
    op.drop_table('import_order')
    op.drop_table('import_file')
    op.drop_table('import_beside')
