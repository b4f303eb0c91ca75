"""Hosts of our own: each is a network namespace with one address on a bridge, and this machine is one more host on it. What
passes between any two of them can be cut both ways or one way, lost in part, or late. Root on Linux with nft; where that
cannot be, missing() says why.

Every rule of a fault is a table of its own in the host's namespace, so faults that overlap end one by one."""
import array
import contextlib
import ctypes
import fcntl
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))

from suite import Failure  # noqa: E402

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
SIOCETHTOOL, ETHTOOL_STXCSUM, ETHTOOL_SGSO = 0x8946, 0x17, 0x24
OWN = 254  # this machine's last number on the bridge


def missing():
    """Why there can be no hosts here; empty when there can."""
    for tool in ("ip", "nft", "nsenter"):
        if shutil.which(tool) is None:
            return f"there is no {tool}"
    if os.geteuid() != 0:
        return "network namespaces take root"
    name = f"bhr-probe-{os.getpid()}"
    try:
        sh("ip", "netns", "add", name)
    except Failure as failure:
        return f"this machine makes no network namespaces ({failure})"
    try:
        sh("ip", "netns", "exec", name, "nft", "add", "table", "inet", "probe")
        sh("ip", "link", "add", f"p{os.getpid()}", "netns", name, "type", "veth")
    except Failure as failure:
        return f"this machine's namespaces have no packet filter or no veth ({failure})"
    finally:
        sh("ip", "netns", "del", name)
    return ""


class Network:
    def __init__(self, names):
        self.tag = uuid.uuid4().hex[:6]
        self.names = list(names)
        self.subnet = free_subnet()
        self.rules = 0

    def address(self, name):
        return f"{self.subnet}.{self.names.index(name) + 1}"

    def namespace(self, name):
        return f"bhr-{self.tag}-{name}"

    def removal(self):
        """Shell lines that undo all of it. A namespace takes its tables with it, and its line too, but only when nothing
        there speaks any more."""
        lines = [f"ip link del {self.link(name)}; ip netns del {self.namespace(name)}" for name in self.names]
        return "\n".join([*lines, f"ip link del bhr-{self.tag}"]) + "\n"

    def make(self):
        bridge = f"bhr-{self.tag}"
        sh("ip", "link", "add", bridge, "type", "bridge")
        sh("ip", "address", "add", f"{self.subnet}.{OWN}/24", "dev", bridge)
        sh("ip", "link", "set", bridge, "up")
        for name in self.names:
            space, link = self.namespace(name), self.link(name)
            sh("ip", "netns", "add", space)
            sh("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", space)
            sh("ip", "link", "set", link, "master", bridge, "up")
            sh("ip", "-n", space, "link", "set", "lo", "up")
            sh("ip", "-n", space, "address", "add", f"{self.address(name)}/24", "dev", "eth0")
            sh("ip", "-n", space, "link", "set", "eth0", "up")
            with self.inside(name):
                send_whole("eth0")
        send_whole(bridge)

    @contextlib.contextmanager
    def inside(self, name):
        """Sockets that this thread makes within belong to that host."""
        with open("/proc/thread-self/ns/net", "rb") as here, open(f"/run/netns/{self.namespace(name)}", "rb") as there:
            enter(there)
            try:
                yield
            finally:
                enter(here)

    @contextlib.contextmanager
    def filtered(self, name, others, outgoing="", incoming=""):
        """While it lasts, what the host sends to the others and gets from them meets that statement of nft: "drop", or
        "numgen random mod 100 < 20 drop"."""
        self.rules += 1
        table = f"fault{self.rules}"
        addresses = ", ".join(self.address(other) for other in others)
        chains = [f"chain {hook} {{ type filter hook {hook} priority 0; ip {side} {{ {addresses} }} {statement}; }}"
                  for hook, side, statement in (("output", "daddr", outgoing), ("input", "saddr", incoming)) if statement]
        sh("ip", "netns", "exec", self.namespace(name), "nft", f"table inet {table} {{ {chr(10).join(chains)}\n}}")
        try:
            yield
        finally:
            sh("ip", "netns", "exec", self.namespace(name), "nft", "delete", "table", "inet", table)

    @contextlib.contextmanager
    def far_away(self, name, delay_ms):
        """While it lasts, what passes between the host and everybody else takes so much longer each way."""
        link, index = self.link(name), self.names.index(name)
        near, far = f"n{self.tag}{index}", f"f{self.tag}{index}"
        sh("ip", "link", "add", near, "type", "veth", "peer", "name", far)
        wire = None
        try:
            send_whole(near)
            sh("ip", "link", "set", near, "up", "promisc", "on")
            sh("ip", "link", "set", link, "nomaster")
            sh("ip", "link", "set", link, "promisc", "on")
            sh("ip", "link", "set", far, "master", f"bhr-{self.tag}", "up")
            wire = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "/usr/bin/python3", f"{HERE}/wire.py", link, near,
                                     str(delay_ms), str(delay_ms // 4)], stdout=subprocess.PIPE)
            wire.stdout.readline()
            yield
        finally:
            if wire is not None:
                wire.kill()
                wire.wait()
                wire.stdout.close()
            sh("ip", "link", "set", link, "promisc", "off")
            sh("ip", "link", "set", link, "master", f"bhr-{self.tag}")
            sh("ip", "link", "del", near)

    def link(self, name):
        """This end of the host's line."""
        return f"b{self.tag}{self.names.index(name)}"


def send_whole(interface):
    """No packet leaves without its checksum or longer than a frame, as it may between veths: a wire can pass it on then."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for command in (ETHTOOL_STXCSUM, ETHTOOL_SGSO):
            value = array.array("B", struct.pack("II", command, 0))
            request = struct.pack("16sP", interface.encode(), value.buffer_info()[0])
            fcntl.ioctl(any_socket, SIOCETHTOOL, request)


def enter(file):
    if LIBC.setns(file.fileno(), CLONE_NEWNET) != 0:
        raise Failure(f"setns: {os.strerror(ctypes.get_errno())}")


def free_subnet():
    """The first three numbers of a /24 that nobody here uses, from the range for tests between networks (RFC 2544)."""
    taken = sh("ip", "-4", "address")
    numbers = [f"198.18.{third}" for third in range(256)]
    return random.SystemRandom().choice([number for number in numbers if f"inet {number}." not in taken])


def sh(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{' '.join(words)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout
