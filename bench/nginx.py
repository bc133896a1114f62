"""Peers that stand on nginx: its image filter, iipsrv behind it, a file that it serves, our server behind its cache."""

from __future__ import annotations

import getpass
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.ours import OURS
from bench.place import QUALITY, TILE, Peer, Place, Server, Tile, first_line
from bench.processes import free_port, running

IIPSRV = ("iipsrv.fcgi", "/usr/lib/iipimage-server/iipsrv.fcgi", "/usr/lib/cgi-bin/iipsrv.fcgi")
FILTER = "ngx_http_image_filter_module.so"
SETTINGS = """
{modules}
user {user};
daemon off;
worker_processes {processes};
pid nginx.pid;
error_log stderr error;
events {{ worker_connections 512; }}
http {{
  access_log off;
  sendfile on;
  keepalive_requests 1000000;
  default_type image/jpeg;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  {http}
  server {{
    listen 127.0.0.1:{port};
    {server}
  }}
}}
"""
IMAGE_FILTER = """
    location ~ ^/(?<width>[0-9]+)/(?<picture>.+)$ {{
      alias {images}/$picture;
      image_filter resize $width -;
      image_filter_jpeg_quality {quality};
      image_filter_buffer 200M;
    }}
"""
FASTCGI = """
    location / {{
      include /etc/nginx/fastcgi_params;
      fastcgi_pass 127.0.0.1:{behind};
    }}
"""
CACHE = """
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache replies;
      proxy_cache_key $request_uri;
    }}
"""


def configured() -> str:
    """Give what nginx was built with; nothing when it is not installed."""
    if not program():
        return ""
    return subprocess.run([program(), "-V"], capture_output=True, text=True, check=False).stderr


def program() -> str:
    """Give the path of nginx, which may stand where only root looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin") or ""


def image_filter() -> Path | None:
    """Give the module that scales pictures."""
    folder = re.search(r"--modules-path=(\S+)", configured())
    path = Path(folder[1]) / FILTER if folder else None
    return path if path and path.exists() else None


def nginx_version(_: Place) -> str:
    """Give the version of nginx."""
    return first_line(program(), "-v", pattern=r"(?<=nginx/)\d[\w.]*") if program() else ""


def filter_version(place: Place) -> str:
    """Give the version of nginx if it has the image filter."""
    return nginx_version(place) if image_filter() else ""


@contextmanager
def nginx(place: Place, folder: Path, server: str, http: str = "") -> Iterator[Server]:
    """Run nginx with these settings."""
    port = free_port()
    folder = folder / f"nginx-{port}"
    folder.mkdir(parents=True)
    module = image_filter()
    settings = folder / "nginx.conf"
    settings.write_text(
        SETTINGS.format(
            modules=f"load_module {module};" if module else "",
            user=getpass.getuser(),
            processes=place.processes,
            http=http,
            port=port,
            server=server,
        )
    )
    with running([program(), "-p", str(folder), "-c", str(settings)], port, folder) as process:
        yield Server(port, (process,))


@contextmanager
def start_filter(place: Place, folder: Path) -> Iterator[Server]:
    """Run nginx with its image filter."""
    with nginx(place, folder, IMAGE_FILTER.format(images=place.images, quality=QUALITY)) as server:
        yield server


@contextmanager
def start_static(place: Place, folder: Path) -> Iterator[Server]:
    """Run nginx over the reply that floors send."""
    with nginx(place, folder, f"root {place.hot.parent};") as server:
        yield server


@contextmanager
def start_cache(place: Place, folder: Path) -> Iterator[Server]:
    """Run our server behind a cache of nginx."""
    with OURS.start(place, folder) as behind:
        http = "proxy_cache_path cache keys_zone=replies:10m;"
        with nginx(place, folder, CACHE.format(behind=behind.port), http) as server:
            yield Server(server.port, (*server.processes, *behind.processes))


def iipsrv_program() -> str:
    """Give the path of iipsrv, or nothing."""
    return next((found for name in IIPSRV if (found := shutil.which(name))), "")


def iipsrv_version(place: Place) -> str:
    """Give the version of iipsrv if nginx is there to speak for it."""
    if not iipsrv_program() or not nginx_version(place):
        return ""
    return first_line("dpkg-query", "-W", "iipimage-server") or "?"


@contextmanager
def start_iipsrv(place: Place, folder: Path) -> Iterator[Server]:
    """Run processes of iipsrv behind nginx, which wait at one socket as with spawn-fcgi."""
    environment = {"FILESYSTEM_PREFIX": f"{place.pyramids}/", "JPEG_QUALITY": str(QUALITY), "VERBOSITY": "0"}
    with ExitStack() as stack:
        shared = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=256))
        port = int(shared.getsockname()[1])
        processes = [
            stack.enter_context(running([iipsrv_program()], port, folder, environment, stdin=shared.fileno()))
            for _ in range(place.processes)
        ]
        server = stack.enter_context(nginx(place, folder, FASTCGI.format(behind=port)))
        yield Server(server.port, (*server.processes, *processes))


def iipsrv_tile(picture: str, tile: Tile) -> str:
    """Give iipsrv's URL of a tile: resolutions count from the smallest, tiles along rows."""
    width, _ = tile.levels[tile.level]
    across = -(-width // TILE)
    return f"/?FIF={picture}.tif&JTL={len(tile.levels) - 1 - tile.level},{tile.row * across + tile.column}"


IMAGE_FILTER_OF_NGINX = Peer(
    "nginx image_filter", "nginx", filter_version, start_filter, lambda picture, width: f"/{width}/{picture}.jpg"
)
STATIC = Peer("nginx, the file", "nginx", nginx_version, start_static, lambda *_: "/hot.jpg")
BEHIND_CACHE = Peer("ours behind nginx's cache", "nginx", nginx_version, start_cache, OURS.width)
IIPSRV_BEHIND_NGINX = Peer(
    "iipsrv",
    "iipsrv",
    iipsrv_version,
    start_iipsrv,
    lambda picture, width: f"/?IIIF={picture}.tif/full/{width},/0/default.jpg",
    iipsrv_tile,
)
