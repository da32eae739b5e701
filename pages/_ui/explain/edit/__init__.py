"""The view Edit: tools on the photo, scores and maps before and after."""
