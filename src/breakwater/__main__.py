"""`python -m breakwater` is the same as `breakwater`."""

from breakwater.cli import main

if __name__ == "__main__":
    main()
