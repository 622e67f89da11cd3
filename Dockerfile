# mod_app in httpd on Debian 12, with an SQLite database in /data or any database in DATABASE_URL.
#
#   docker build -t mod_app .
#   docker run -p 8080:8080 -v app-data:/data mod_app
#
# httpd runs as www-data from its start, on a port above 1024: nothing in the container is root.
FROM debian:bookworm-slim AS build
COPY .ci/packages /tmp/packages
RUN /tmp/packages build
COPY . /src
RUN make -C /src -j2 && make -C /src install DESTDIR=/out

FROM debian:bookworm-slim
COPY .ci/packages /tmp/packages
RUN apt-get update \
 && apt-get install -y --no-install-recommends $(/tmp/packages --list serve) libcjose0 libfcgi0ldbl libpcre2-8-0 libargon2-1 libcurl4 libqrencode4 libhiredis0.14 \
 && rm -rf /var/lib/apt/lists/* /tmp/packages
COPY --from=build /out/ /
RUN install -d -o www-data -g www-data /data

ENV DATABASE_URL=sqlite:/data/app.db
USER www-data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGWINCH
HEALTHCHECK --interval=10s --timeout=3s CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/health/live"]
# mod_app's own tables are made or brought up to date first; what is there already stays.
CMD ["sh", "-c", "appctl -f /usr/local/share/mod_app/conf/container.conf migrate up && exec apache2 -f /usr/local/share/mod_app/conf/container.conf -DFOREGROUND"]
