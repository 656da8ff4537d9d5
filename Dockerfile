# careplan-relay in a container.  docker build --target server .   (or --target test: runs the unit tests)
ARG BASE=debian:12-slim

FROM ${BASE} AS build
WORKDIR /src
COPY deploy/packages deploy/install deploy/
RUN deploy/install build
COPY . .
RUN cmake --preset release -DRELAY_TESTS=OFF \
    && cmake --build --preset release --target careplan-relay relayctl relay-client \
    && strip --strip-debug build/release/bin/careplan-relay build/release/bin/relayctl build/release/bin/relay-client

FROM build AS test
RUN deploy/install run \
    && cmake --preset release -DRELAY_TESTS=ON \
    && cmake --build --preset release \
    && ctest --test-dir build/release --output-on-failure --label-regex unit

FROM ${BASE} AS server
COPY deploy/packages deploy/install /tmp/deploy/
RUN /tmp/deploy/install image \
    && rm -rf /tmp/deploy /var/lib/apt/lists/* \
    && install -d -o 65532 -g 65532 /var/lib/careplan-relay/objects
COPY --from=build /src/build/release/bin/ /usr/local/bin/
COPY --from=build /src/migrations/ /usr/local/share/careplan-relay/migrations/
# Numbers, not names: an orchestrator that forbids root must be able to see that this is not root.
USER 65532:65532
EXPOSE 8443
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["/usr/local/bin/careplan-relay", "health", "--config", "/etc/careplan-relay/relay.toml"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/careplan-relay"]
CMD ["serve", "--config", "/etc/careplan-relay/relay.toml"]
