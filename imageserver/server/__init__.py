"""HTTP: sockets, headers, worker processes; the only package that imports aiohttp and awaits."""
