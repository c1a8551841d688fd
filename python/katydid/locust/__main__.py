"""`python -m locust`, where the package goes by that name."""

from katydid.__main__ import main

main()
