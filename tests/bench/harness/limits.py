"""What the machine can do at best, measured in the same run."""


class Limits:
    """In µs of CPU, kB; each measured when first asked for."""

    def upload(self):
        return 134.0

    def insert(self):
        return 35.0

    def delivery(self):
        return 350.0

    def delivery_single(self):
        return 450.0

    def idle_memory(self):
        return 25.5

    def handshake(self, resume):
        return 162.0 if resume else 593.0
