# SPDX-License-Identifier: MIT
"""Which programs have been saved: by inotify, else by looking again and again."""
import ctypes
import os
import re
import selectors
import shutil
import signal
import subprocess
import time

SETTLE_S = 0.02   # an editor's events of one save come closer than this
LOOK_S = 0.15     # between two looks, where nothing tells of a save
SAFETY_S = 1.0    # the same where inotify should tell
PR_SET_PDEATHSIG = 1


class Files:
    """Tells which programs have another content than before."""

    def __init__(self, bench):
        self.bench, self.road = bench, bench.road
        self.known = {stem: self.road.content(stem) for stem in self.road.stems}
        self.seen = {}       # another content, seen once
        self.fresh = False   # inotify has just told of something
        self.deadline = 0.0
        self.inotify = None
        if os.environ.get("POLL") or not shutil.which("inotifywait"):
            return
        try:
            if not self.local():
                return
            self.inotify = subprocess.Popen(
                ["inotifywait", "-q", "-m", "-e", "close_write,moved_to,moved_from,delete",
                 "--format", "%f", os.path.realpath(self.road.folder)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                preexec_fn=lambda: ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
                start_new_session=True)
        except OSError:
            return  # it can't be started: look instead
        bench.selector.register(self.inotify.stdout, selectors.EVENT_READ, self.hear)

    def local(self):
        """Whether the kernel itself makes the changes, so that inotify can tell."""
        stat = subprocess.run(["stat", "-f", "-c", "%T", self.road.folder],
                              capture_output=True, text=True, check=False).stdout.strip()
        return not re.match(r"v9fs|9p|drvfs|nfs|smb|cifs|fuse|afs|UNKNOWN|$", stat)

    def hear(self, _):
        if not os.read(self.inotify.stdout.fileno(), 1 << 16):
            self.close()  # the folder is gone, or too many are watched: look instead
        self.fresh = True
        self.deadline = time.monotonic() + SETTLE_S

    def wait_s(self):
        return max(0.0, self.deadline - time.monotonic())

    def changed(self):
        """The programs whose content is another one. A half written file is not
        taken for one: either inotify said that it was closed, or two looks saw
        the same. A file that is gone may come back at once: two looks, too."""
        if time.monotonic() < self.deadline:
            return []
        stems = []
        for stem in self.road.stems:
            content = self.road.content(stem)
            if content == self.known[stem]:
                self.seen.pop(stem, None)
            elif (self.fresh and content is not None) or self.seen.get(stem, 0) == content:
                self.known[stem] = content
                self.seen.pop(stem, None)
                stems.append(stem)
            else:
                self.seen[stem] = content
        self.fresh = False
        self.deadline = time.monotonic() + (
            SAFETY_S if self.inotify and not self.seen else LOOK_S)
        return stems

    def close(self):
        if self.inotify:
            self.bench.selector.unregister(self.inotify.stdout)
            self.inotify.kill()
            self.inotify.wait()
            self.inotify.stdout.close()
            self.inotify = None
