"""The porch: what a person types. Importing it imports no torch."""


def main() -> None:
    """Run the command line and exit with its code."""
    import sys

    try:
        from srkit_core.cli.app import run

        sys.exit(run())
    except KeyboardInterrupt:
        sys.exit(130)
