"""Errors of the runtime's own."""


class ReadOnlyContextError(Exception):
    """A query or a validator tried to change something."""


class NondeterminismError(Exception):
    """A replay decided otherwise than the history. In a component the server finds it and names the event."""
