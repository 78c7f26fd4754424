"""
The door of the DBOS peer: a client that enqueues a workflow for each order, and for each parcel of which there is news.
"""

from dbos import DBOSClient

from benchmarks.doors import PlainDoor
from benchmarks.ground import Side
from benchmarks.peers.dbos_workflow import VERSION


class DbosDoor(PlainDoor):
    """A door that sends through the database."""

    def __init__(self, side: Side) -> None:
        self._client = DBOSClient(system_database_url=side.database_url, application_name="plain")
        super().__init__(side, self._begin, self._on)

    def close(self) -> None:
        """Close the connections too."""
        self._client.destroy()
        super().close()

    def _begin(self, order_id: int, letter_id: int, _lane: str) -> None:
        self._enqueue("order", order_id, letter_id)

    def _on(self, step: str, parcel_id: int, _lane: str) -> None:
        self._enqueue("parcel", step, parcel_id)

    def _enqueue(self, workflow: str, *given: object) -> None:
        self._client.enqueue({"workflow_name": workflow, "queue_name": "stages", "app_version": VERSION}, *given)
