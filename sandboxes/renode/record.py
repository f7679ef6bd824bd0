# Writes down when pins change and bytes are sent, in the machine's own time. Runs inside Renode (IronPython, Python 2).
#
#   include @record.py                                    once for a Renode
#   rec_start "FILE" "gpioPortA gpioPortD" "usart2"       once the machine is loaded
#   rec_stop                                              at the end; FILE is whole then
#
# A line of FILE: nanoseconds since the machine started, and `pin gpioPortD 12 1` or `uart usart2 41`; last of all
# `end LINES DROPPED ERRORS`, without which it was cut off.

MOST_LINES = 200000


class Record(object):
    def __init__(self, machine, path):
        self.machine = machine
        self.cpu = machine["sysbus.cpu"]
        self.file = open(path, "w")
        self.lines = self.dropped = self.errors = 0
        # What is called by Renode alone must be kept by someone.
        self.handlers = []

    def now(self):
        # Within a stretch of time the clock lags until the core says how far it is, which only its own thread may ask.
        if self.cpu.OnPossessedThread:
            self.cpu.SyncTime()
        return self.machine.ElapsedVirtualTime.TimeElapsed.Ticks

    def add(self, text):
        # An error that got out would end up in the core's thread.
        try:
            if self.lines >= MOST_LINES:
                self.dropped += 1
            elif self.file is not None:
                self.file.write("%s %s\n" % (self.now(), text))
                self.lines += 1
        except Exception:
            self.errors += 1

    def watch_pin(self, port, name, pin):
        def changed(level):
            self.add("pin %s %d %d" % (name, pin, 1 if level else 0))
        port.Connections[pin].AddStateChangedHook(changed)
        self.handlers.append(changed)

    def watch_uart(self, uart, name):
        def sent(byte):
            self.add("uart %s %02x" % (name, int(byte)))
        uart.CharReceived += sent
        self.handlers.append(sent)

    def stop(self):
        if self.file is not None:
            self.file.write("end %d %d %d\n" % (self.lines, self.dropped, self.errors))
            self.file.close()
            self.file = None


RECORDS = []


def mc_rec_start(path, ports="", uarts=""):
    mc_rec_stop()
    record = Record(monitor.Machine, path)
    RECORDS.append(record)
    for name in ports.split():
        for pin in range(16):
            record.watch_pin(record.machine["sysbus." + name], name, pin)
    for name in uarts.split():
        record.watch_uart(record.machine["sysbus." + name], name)


def mc_rec_stop():
    while RECORDS:
        RECORDS.pop().stop()
