# cookieproof with Chromium, for nights in a container. Runs without root:
#   docker build -t cookieproof .
#   docker run --rm -v "$PWD:/work" --shm-size 1g cookieproof audit --engine browser
FROM rust:1-slim-trixie AS build
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo install --locked --path . --root /out

FROM debian:trixie-slim
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends chromium ca-certificates fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home cookieproof \
    && install -d -o cookieproof /work
COPY --from=build /out/bin/cookieproof /usr/local/bin/cookieproof
USER 10001
WORKDIR /work
ENTRYPOINT ["cookieproof"]
CMD ["--help"]
