/*
 * The workloads of `bench network`: one static program, so that it runs in any Linux guest, and the
 * same in Brume's guest, in the bare one and on the host. Each run prints one line of JSON.
 *
 *   probe serve PORT
 *   probe stream ADDRESS PORT SECONDS      bytes to a server, as fast as they go
 *   probe ping ADDRESS PORT SECONDS        one byte there and back, again and again
 *
 * Build: cc -O2 -static -o probe probe.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 1000000
#define STREAM_BYTES (256 * 1024)

static uint32_t *samples;
static size_t sample_count;

static void die(const char *what) {
  fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void sample(uint64_t ns) {
  if (sample_count < SAMPLES_MAX) samples[sample_count++] = (uint32_t)(ns / 1000);
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static uint32_t quantile(double fraction) {
  return sample_count ? samples[(size_t)(fraction * (double)(sample_count - 1))] : 0;
}

static void report(uint64_t bytes, uint64_t operations, uint64_t ns) {
  qsort(samples, sample_count, sizeof *samples, ascending);
  printf("{\"bytes\":%llu,\"operations\":%llu,\"seconds\":%.6f,\"p50Us\":%u,\"p99Us\":%u}\n",
         (unsigned long long)bytes, (unsigned long long)operations, (double)ns / 1e9,
         quantile(0.5), quantile(0.99));
}

static void serve_one(int fd) {
  static char buffer[STREAM_BYTES];
  char kind;
  if (read(fd, &kind, 1) != 1) exit(0);
  ssize_t got;
  if (kind == 'E') {
    while (read(fd, &kind, 1) == 1)
      if (write(fd, &kind, 1) != 1) break;
    exit(0);
  }
  uint64_t total = 0;
  while ((got = read(fd, buffer, sizeof buffer)) > 0) total += (uint64_t)got;
  if (write(fd, &total, sizeof total) != sizeof total) exit(1);
  exit(0);
}

static void serve(char **words) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[0]))};
  int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0) die("bind");
  if (listen(listener, 16) < 0) die("listen");
  signal(SIGCHLD, SIG_IGN);
  puts("ready");
  fflush(stdout);
  /* From here on alone: whoever started us may go. */
  if (daemon(1, 0) < 0) die("daemon");
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) continue;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (fork() == 0) serve_one(fd);
    close(fd);
  }
}

static int connected(char **words) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[1]))};
  if (inet_pton(AF_INET, words[0], &to.sin_addr) != 1) die(words[0]);
  int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
  struct timeval patience = {.tv_sec = 30};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

static void stream(char **words) {
  static char buffer[STREAM_BYTES];
  int fd = connected(words);
  uint64_t limit = strtoull(words[2], NULL, 10) * 1000000000ull, operations = 0, total = 0;
  if (write(fd, "T", 1) != 1) die("write");
  uint64_t started = now_ns();
  while (now_ns() - started < limit) {
    if (write(fd, buffer, sizeof buffer) < 0) die("write");
    operations++;
  }
  shutdown(fd, SHUT_WR);
  /* What has arrived counts, not what has been sent. */
  if (read(fd, &total, sizeof total) != sizeof total) die("the server's count");
  report(total, operations, now_ns() - started);
}

static void ping(char **words) {
  int fd = connected(words);
  char byte = 'x';
  uint64_t limit = strtoull(words[2], NULL, 10) * 1000000000ull, operations = 0;
  if (write(fd, "E", 1) != 1) die("write");
  uint64_t started = now_ns(), at = started;
  while (at - started < limit) {
    if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1) die("echo");
    uint64_t then = now_ns();
    sample(then - at);
    at = then;
    operations++;
  }
  report(operations, operations, at - started);
}

int main(int count, char **words) {
  samples = malloc(SAMPLES_MAX * sizeof *samples);
  if (!samples) die("memory");
  signal(SIGPIPE, SIG_IGN);
  const char *what = count > 1 ? words[1] : "";
  if (!strcmp(what, "serve") && count == 3) serve(words + 2);
  else if (!strcmp(what, "stream") && count == 5) stream(words + 2);
  else if (!strcmp(what, "ping") && count == 5) ping(words + 2);
  else {
    fprintf(stderr, "probe serve|stream|ping …: see the source\n");
    return 2;
  }
  return 0;
}
