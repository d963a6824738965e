"""The porch: what a person types. Importing it imports no torch."""

_own = False


def own_process() -> bool:
    """Whether this process is a command and nothing else."""
    return _own


def main() -> None:
    """Run the command line and exit with its code."""
    global _own  # noqa: PLW0603 - said once, at the beginning of the process
    _own = True
    try:
        from srkit_core.cli.output import take_streams

        take_streams()
        from srkit_core.cli.app import run

        code = run()
    except KeyboardInterrupt:
        code = 130
    _end(code)


def _end(code: int) -> None:
    """Exit; a process among several leaves without taking the interpreter apart.

    That would destroy the threads of the process group in an order that now and then aborts a run
    which is over.
    """
    import os
    import sys

    from srkit_core.launch import launch

    if launch() is None:
        sys.exit(code)
    import atexit

    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
