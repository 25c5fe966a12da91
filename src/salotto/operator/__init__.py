"""Pages of who runs the server."""
