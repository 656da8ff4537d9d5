"""Parts of deploy/embedded: the whole service in one directory."""
