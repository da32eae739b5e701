"""Public data sets, downloaded in a process of their own."""
