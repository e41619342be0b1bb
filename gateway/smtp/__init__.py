"""The submission server."""
