"""Dates as the replies of the protocol write them."""

from __future__ import annotations

from datetime import UTC, datetime

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def java_date(seconds: float) -> str:
    """Write seconds since 1970 as `java.util.Date` does: Sat Sep 05 18:23:06 UTC 2026."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{DAYS[moment.weekday()]} {MONTHS[moment.month - 1]} {moment:%d %H:%M:%S} UTC {moment:%Y}"
