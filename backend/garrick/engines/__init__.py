"""Where phases run: in this process, or in another program."""
