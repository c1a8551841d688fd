"""The command line: its options, and what a run of the command does around a runner."""
