"""Downloads of public data sets, in the foreground or in their own process."""
