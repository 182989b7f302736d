"""Words about versions of workers. Accepted, and without effect: a run stays on the component that it started on."""

from enum import Enum


class VersioningIntent(Enum):
    """Which version of workers a command should go to."""

    COMPATIBLE = 1
    DEFAULT = 2


class ContinueAsNewVersioningBehavior(Enum):
    """Which version the run that follows should start on."""

    AUTO_UPGRADE = 1
