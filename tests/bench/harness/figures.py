"""All scenarios, in the order in which they run: what restarts the stack or crowds its tables comes last."""

from . import connections, deliveries
from .growth import growth
from .object_store import object_store
from .rabbitmq import rabbitmq


def limits(bench, report):
    """The parts that the limits are made of, for the record."""
    for name, parts in (("openssl", bench.limits.crypto), ("raw_https", bench.limits.http(0)), ("rows_batched", bench.limits.batched),
                        ("rows_one_by_one", bench.limits.rows(1, 0)), ("nginx", bench.limits.nginx)):
        for part, value in parts.items():
            report.add("limit_%s_%s" % (name, part), value, "kB" if part.endswith("_kB") else "µs", lower=True)


NAMES = {f.__name__: f for f in (*connections.ALL[:4], rabbitmq, *deliveries.ALL[:7], object_store, connections.handshake_cpu_tickets,
                                 *deliveries.ALL[7:])}
# Figures that come from a scenario of another name.
FROM = {"idle_memory": "poll_memory", "poll_memory_kernel": "poll_memory", "handshake_cpu_resumed": "handshake_cpu",
        "request_cpu": "small_requests", "post_10k_cpu": "small_requests", "accepted_vs_pgbench": "accepted_uploads",
        "accept_postgres_cpu": "accepted_uploads", "accept_server_cpu": "accepted_uploads", "batch_upload_cpu": "batch_uploads",
        "delivery_cpu_at_106": "delivery_cpu_paced", "delivery_at_106_vs_paced": "delivery_cpu_paced", "wakeup_p50": "delivery_cpu_paced",
        "wakeup_p99": "delivery_cpu_paced",
        "poll_cpu": "mailbox_polls", "empty_wait_cpu": "mailbox_polls", "sign_in_cpu": "sign_ins", "wakeup_p99_beside_sign_ins": "sign_ins",
        "large_upload_cpu": "large_payloads", "large_download_cpu": "large_payloads", "object_upload_rate": "object_store",
        "object_upload_cpu": "object_store", "object_download_rate": "object_store", "object_download_cpu": "object_store",
        "handshake_cpu_ticket": "handshake_cpu_tickets", "rabbitmq_classic_publish": "rabbitmq", "rabbitmq_classic_delivery": "rabbitmq",
        "rabbitmq_quorum_publish": "rabbitmq", "rabbitmq_quorum_delivery": "rabbitmq",
        "accepts_fsync_1ms": "slow_disk", "accepts_fsync_5ms": "slow_disk", "crowded_inbox_page": "flatness", "long_log_accept": "flatness"}
# Whether the benchmark still works, in seconds: all that restarts nothing.
SMOKE = [f.__name__ for f in (*connections.ALL[:4], rabbitmq, *deliveries.ALL[:7], object_store)]
OPTIONAL = {"limits": limits, "growth": growth}
