"""A real RTSP server (GStreamer's) with a moving picture in real H.264, steered by lines on stdin.

usage: rtsp-server.py PORT [USER PASSWORD]
Plays rtsp://127.0.0.1:PORT/cam. A line `size 640x480` changes the picture's size while it plays.
Prints `ready` once it listens.
"""

import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

PIPELINE = (
    "( videotestsrc is-live=true pattern=smpte horizontal-speed=4 ! capsfilter name=caps caps={caps} ! "
    "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 bframes=0 ! "
    "rtph264pay name=pay0 pt=96 config-interval=-1 )"
)


def caps_text(size):
    width, height = size.split("x")
    return f"video/x-raw,format=I420,width={width},height={height},framerate=15/1"


class Camera(GstRtspServer.RTSPMediaFactory):
    def __init__(self):
        super().__init__()
        self.size = "640x360"
        self.medias = []
        self.set_shared(True)

    def do_create_element(self, url):
        element = Gst.parse_launch(PIPELINE.format(caps=caps_text(self.size)))
        self.medias.append(element)
        return element

    def resize(self, size):
        self.size = size
        for element in self.medias:
            filter_ = element.get_by_name("caps")
            if filter_ is not None:
                filter_.set_property("caps", Gst.Caps.from_string(caps_text(size)))
        return False


def protect(server, camera, user, password):
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    camera.set_permissions(permissions)


def main():
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(sys.argv[1])
    camera = Camera()
    if len(sys.argv) > 3:
        protect(server, camera, sys.argv[2], sys.argv[3])
    server.get_mount_points().add_factory("/cam", camera)
    loop = GLib.MainLoop()

    def read_commands():
        for line in sys.stdin:
            verb, _, rest = line.strip().partition(" ")
            if verb == "size":
                GLib.idle_add(camera.resize, rest)
        # Whoever started us is gone.
        loop.quit()

    if server.attach(None) == 0:
        sys.exit(f"port {sys.argv[1]} is taken")
    threading.Thread(target=read_commands, daemon=True).start()
    print("ready", flush=True)
    loop.run()


main()
