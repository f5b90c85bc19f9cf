"""`python -m cutwork`: the command, where its script is not on the path."""

from cutwork.commands.main import main

if __name__ == "__main__":
    main()
