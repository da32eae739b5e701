"""What ``python -m core`` can do: a module a group of commands, each with its arguments."""
