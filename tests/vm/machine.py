"""What tests/vm/run and tests/vm/boot share: a virtual machine that ends with who started it, and its guest's answer.

A guest has two ports: what comes through `output` is passed on; a line on `status` is the command's exit status.
"""

import contextlib
import ctypes
import fcntl
import os
import pathlib
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent
VM = REPO / "build" / "vm"
QEMU = "qemu-system-x86_64"
RELEASES = ("bookworm", "bullseye", "backports")
NO_RESULT = 125
TAIL = 200  # lines of the console that are shown
KEPT = 64 << 10  # bytes of it

PR_SET_PDEATHSIG = 1  # From linux/prctl.h.
libc = ctypes.CDLL(None, use_errno=True)


class NoResult(Exception):
    """COMMAND has no exit status; says why."""


def obtain(script, release):
    """The directory that the script prepares for the release; it stays as it is as long as this process lives."""
    done = subprocess.run([HERE / script, release], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise NoResult(f"there is no {script} of {release} to boot")
    directory = done.stdout.strip()
    fcntl.flock(os.open(f"{directory}.lock", os.O_RDONLY), fcntl.LOCK_SH)  # Kept open, and so kept.
    return pathlib.Path(directory)


def start(command, keep):
    """Starts a program that does not outlive this process; the second value reads what it says. Hands over `keep`."""
    parent = os.getpid()

    def die_with_parent():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                                   pass_fds=[end.fileno() for end in keep], preexec_fn=die_with_parent)
    for end in keep:
        end.close()
    return process, ours


def start_qemu(image, initrd, parameters, memory, devices, keep=(), in_turn=False):
    """Boots the image's kernel with ports, a console and these devices; the process and what there is to read, by name.
    in_turn: the two processors are emulated one after the other, which is slower and has no races."""
    output, output_end = socket.socketpair()
    status, status_end = socket.socketpair()
    # tsc: the guest calls its time stamp counter unsynchronized by the processor's brand alone; QEMU keeps it right,
    # and the clock it would take instead is twice as slow to read. cx16: QEMU 7.2 spoils the flags in cmpxchg16b,
    # which Linux 6.12 allocates memory with. no_timer_check: a guest that is not run for a moment while it boots would
    # take its timer for broken, and panic.
    qemu, console = start([
        QEMU, "-nodefaults", "-no-user-config", "-display", "none",
        "-machine", "q35,memory-backend=memory", "-cpu", "max,-cx16", "-smp", "2",
        "-accel", f"tcg,thread={'single' if in_turn else 'multi'}",
        "-object", f"memory-backend-memfd,id=memory,size={memory}M,share=on", "-m", f"{memory}M",
        "-kernel", image / "vmlinuz", "-initrd", initrd,
        "-append", f"console=ttyS0 tsc=reliable no_timer_check oops=panic panic=-1 {parameters}",
        "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
        "-device", "virtio-serial-pci",
        "-chardev", f"socket,id=output,fd={output_end.fileno()}",
        "-device", "virtserialport,chardev=output,name=output",
        "-chardev", f"socket,id=status,fd={status_end.fileno()}",
        "-device", "virtserialport,chardev=status,name=status",
        *devices,
    ], keep=[output_end, status_end, *keep])
    return qemu, {output: "output", status: "status", console: "console"}


def read_now(stream):
    """What is there to read; nothing at the end, which a killed peer may also give as an error."""
    try:
        return stream.recv(1 << 16)
    except ConnectionResetError:
        return b""


def pass_on(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def follow(streams, deadline, console):
    """Passes output on until the guest tells COMMAND's exit status, and gives that. Keeps what `console` says."""
    told = b""
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            selector.register(stream, selectors.EVENT_READ)
        while not told.endswith(b"\n"):
            if not selector.get_map():
                raise NoResult("the guest ended before COMMAND did")
            ready = selector.select(max(0, deadline - time.monotonic()))
            if time.monotonic() >= deadline:
                raise NoResult("COMMAND was not done in time")
            for key, _ in ready:
                data = read_now(key.fileobj)
                if not data:
                    selector.unregister(key.fileobj)
                elif streams[key.fileobj] == "output":
                    pass_on(data)
                elif streams[key.fileobj] == "status":
                    told += data
                else:
                    console.extend(data)
                    del console[:-KEPT]
    # All output is in the socket before the status is told, but may not have been read before it.
    output = next(stream for stream, name in streams.items() if name == "output")
    output.setblocking(False)
    try:
        while data := read_now(output):
            pass_on(data)
    except BlockingIOError:
        pass
    return int(told)


def stuck(console):
    """What the guest's kernel says of a processor that it does not get back, or that met a breakpoint with which the
    kernel had patched its own code when that was there no more (the emulator's processors see each other's code late);
    nothing when it says no such thing."""
    found = re.search(rb"[^\n]*(soft lockup|detected stalls|self-detected stall|Oops: int3)[^\r\n]*", console)
    return found.group().decode(errors="replace") if found else ""


@contextlib.contextmanager
def ended(qemu, *servers):
    """Ends it, however the block ends; its servers end with their only client."""
    try:
        yield
    finally:
        qemu.kill()
        for process in (qemu, *servers):
            process.wait()


def result(name, release, needs, guest):
    """What a program ends with: the status that guest(console) gives, or NO_RESULT with the reason and the console's end.
    `needs`: programs that must be there."""
    # To die is to clean up.
    for number in (signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    console = bytearray()
    try:
        if os.geteuid() != 0:
            raise NoResult("it needs root")
        for program in needs:
            if not shutil.which(program):
                raise NoResult(f"{program} is missing: run ./dev setup")
        return guest(console)
    except NoResult as reason:
        lines = console.decode(errors="replace").replace("\r", "").splitlines()
        panic = next((line for line in lines if "Kernel panic" in line), None)
        for line in lines[-TAIL:]:
            print(f"console: {line}", file=sys.stderr)
        print(f"{name}: no result on {release}: {reason}" + (f": {panic}" if panic else ""), file=sys.stderr)
        return NO_RESULT
