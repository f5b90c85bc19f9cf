"""The documentation as web pages: Markdown of `docs/` rendered at the first request for a page, without script."""
