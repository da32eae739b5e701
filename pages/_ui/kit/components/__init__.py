"""Components that the browser draws: a .py with its .js and .css beside it."""
