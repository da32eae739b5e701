"""The address of a page: the photo and the question in it, and the browser's Back."""
