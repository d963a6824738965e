"""The porch: what a person types. Importing it imports no torch."""


def main() -> None:
    """Run the command line."""
    from srkit_core.cli.app import run

    run()
