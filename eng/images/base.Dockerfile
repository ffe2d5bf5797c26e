# The base of runner-image where a registry can be reached; build-runner-image makes the same from Debian packages.
FROM mcr.microsoft.com/dotnet/runtime-deps:10.0
ARG PACKAGES
COPY harden-base /tmp/harden-base
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${PACKAGES} \
    && sh /tmp/harden-base / \
    && rm /tmp/harden-base
