"""``gateway`` and ``python -m gateway``."""

from gateway.cli.main import command


def main() -> None:
    """Runs the command line."""
    command(prog_name="gateway")


if __name__ == "__main__":
    main()
