"""How Alembic runs our migrations: on the connection, in the transaction, of `fitsprov.registry.engines.migrate`."""

from alembic import context

from fitsprov.registry.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
