# SPDX-License-Identifier: BSD-3-Clause
"""Cache misses by perf_event_open(2), for Table 2: level 1, data and instructions, reads.

Not every machine has them (virtual ones often not), and not every user may count: availability says so.
"""
import ctypes
import os
import struct

PERF_TYPE_HW_CACHE = 3
L1D, L1I, READ_MISS = 0, 1, (0 << 8) | (1 << 16)
NAMES = {"l1d_misses": L1D | READ_MISS, "l1i_misses": L1I | READ_MISS}
SYSCALL = {"x86_64": 298, "aarch64": 241}
IOC_ENABLE, IOC_DISABLE, IOC_RESET = 0x2400, 0x2401, 0x2403
FORMAT_TIMES = 1 | 2  # PERF_FORMAT_TOTAL_TIME_ENABLED, _RUNNING
DISABLED, EXCLUDE_KERNEL, EXCLUDE_HV = 1 << 0, 1 << 5, 1 << 6


def open_counter(config):
    """A descriptor; raises OSError."""
    number = SYSCALL.get(os.uname().machine)
    if number is None:
        raise OSError(0, "not known on " + os.uname().machine)
    libc = ctypes.CDLL(None, use_errno=True)
    # struct perf_event_attr, version 0 (64 bytes)
    attribute = struct.pack("IIQQQQQ", PERF_TYPE_HW_CACHE, 64, config, 0, 0, FORMAT_TIMES,
                            DISABLED | EXCLUDE_KERNEL | EXCLUDE_HV).ljust(64, b"\0")
    fd = libc.syscall(number, attribute, 0, -1, -1, 0)
    if fd < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    os.set_inheritable(fd, False)
    return fd


class Counters:
    """Misses of this thread, outside the kernel; scaled if the counters were shared."""

    def __init__(self):
        import fcntl

        self.ioctl = fcntl.ioctl
        self.open, self.availability = {}, {}
        for name, config in NAMES.items():
            try:
                self.open[name] = open_counter(config)
                self.availability[name] = "counted"
            except OSError as error:
                self.availability[name] = "this machine has none: " + error.strerror

    def start(self):
        for fd in self.open.values():
            self.ioctl(fd, IOC_RESET, 0)
            self.ioctl(fd, IOC_ENABLE, 0)

    def stop(self):
        result = dict.fromkeys(NAMES)
        for name, fd in self.open.items():
            self.ioctl(fd, IOC_DISABLE, 0)
            count, enabled, running = struct.unpack("QQQ", os.read(fd, 24))
            result[name] = count * enabled // running if running else None
        return result
