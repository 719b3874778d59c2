"""Channels are told of alerts every minute, as `tidemark alerts deliver` does it."""

from __future__ import annotations

import dagster as dg

from orchestration.resources import Warehouse
from tidemark_warehouse.alerting import outbox
from tidemark_warehouse.errors import TidemarkError


# The tick itself tells them: a run for each would bury the runs that build.
@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Tells the channels of seeds/alert_channels.csv what is due; its ticks say how much. "
        "Off until the environment variable of a channel is set."
    ),
)
def alert_deliveries(warehouse: Warehouse) -> dg.SkipReason:
    """Send what is due, once."""
    try:
        with warehouse.connect(writes=True) as connection:
            said = [str(outcome) for outcome in outbox.deliver(connection)]
    except TidemarkError as error:
        return dg.SkipReason(str(error))
    return dg.SkipReason("; ".join(said) or "nothing is due to a channel that is on")
