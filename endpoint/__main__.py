"""``python -m endpoint`` is the console script ``endpoint``."""

from endpoint.cli.main import main

if __name__ == "__main__":
    main()
