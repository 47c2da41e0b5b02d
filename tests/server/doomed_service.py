"""A service without HTTP, made to be killed: `python doomed_service.py DATA` runs store and supervisor until then.

It writes the number of each event that it announces into DATA/announced, a line each.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from garrick.server.records import Event
from garrick.server.settings import Settings
from garrick.server.store import JobStore
from garrick.server.supervisor import Supervisor


async def serve(data: Path) -> None:
    settings = Settings(data=data, scene=False)
    store = JobStore(settings.store)
    announced = os.open(data / "announced", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def announce(event: Event) -> None:
        os.write(announced, b"%d\n" % event.id)

    store.changed = announce
    supervisor = Supervisor(store, settings)
    await supervisor.start()
    while True:  # jobs come from another process
        await asyncio.sleep(0.1)
        supervisor.notify()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
