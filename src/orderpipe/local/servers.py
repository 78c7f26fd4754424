"""
The two private servers alone, for developers: `python -m orderpipe.local.servers --data DIR` prints their addresses and runs until Ctrl-C.

The printed lines can be read by a shell; a database `orderpipe` is there, empty if it is new.
"""

import argparse
import shlex
import sys
from pathlib import Path

from orderpipe.local.folder import DataFolder
from orderpipe.local.postgres import Postgres
from orderpipe.local.redis import Redis
from orderpipe.local.refusals import CannotStart
from orderpipe.local.supervisor import StopRequested, Supervisor


def run(data: Path, *, durable: bool) -> None:
    """Start both servers, print their addresses, watch over them until asked to stop."""
    with DataFolder(data) as folder, Supervisor(folder.logs, say=_to_stderr) as supervisor:
        postgres = Postgres(folder.path / "postgres", port=folder.port("postgres"), durable=durable)
        redis = Redis(folder.path / "redis", port=folder.port("redis"))
        supervisor.start([postgres.program(), redis.program()])
        postgres.ensure_database("orderpipe")
        print(f"export ORDERPIPE_DATABASE_URL={shlex.quote(postgres.url())}")
        print(f"export ORDERPIPE_BROKER_URL={shlex.quote(redis.url())}", flush=True)
        supervisor.run_until_stopped()


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m orderpipe.local.servers", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".orderpipe"), help="folder that keeps their data")
    parser.add_argument("--forgetful", action="store_true", help="faster, and not safe against power cuts: for tests")
    arguments = parser.parse_args()
    try:
        run(arguments.data, durable=not arguments.forgetful)
    except StopRequested:
        pass
    except CannotStart as refusal:
        _to_stderr(str(refusal))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
