"""Which command runs as `python -m srkit_core`, and in each process that torchrun starts?"""

from srkit_core.cli import main

if __name__ == "__main__":
    main()
