/*
 * The workloads of `bench disk` and `bench network`: one static program, so that it runs in any Linux guest, and the
 * same in Brume's guest, in the bare one and on the host. Each run prints one line of JSON.
 *
 *   probe disk PATH MEGABYTES SECONDS read|write sequential|random BLOCK_BYTES DEPTH
 *   probe serve PORT
 *   probe stream ADDRESS PORT SECONDS      bytes to a server, as fast as they go
 *   probe ping ADDRESS PORT SECONDS        one byte there and back, again and again
 *
 * Disks are read and written past every cache (O_DIRECT) by Linux AIO with DEPTH requests on their way; SECONDS 0
 * means once over the whole area. Build: cc -O2 -static -o probe probe.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 1000000
#define DEPTH_MAX 256
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

/* xorshift64: the same offsets in every run. */
static uint64_t random_state = 88172645463325252ull;
static uint64_t random_next(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static void disk(char **words) {
  const char *path = words[0];
  uint64_t area = strtoull(words[1], NULL, 10) << 20;
  uint64_t limit = strtoull(words[2], NULL, 10) * 1000000000ull;
  int is_write = !strcmp(words[3], "write"), is_random = !strcmp(words[4], "random");
  uint64_t block = strtoull(words[5], NULL, 10);
  long depth = strtol(words[6], NULL, 10);
  if (depth < 1 || depth > DEPTH_MAX || block < 512 || area < block) {
    errno = EINVAL;
    die("disk");
  }
  int fd = open(path, (is_write ? O_RDWR | O_CREAT : O_RDONLY) | O_DIRECT, 0600);
  if (fd < 0) die(path);
  aio_context_t context = 0;
  if (syscall(SYS_io_setup, depth, &context) < 0) die("io_setup");
  static struct iocb requests[DEPTH_MAX];
  static uint64_t begun[DEPTH_MAX];
  struct io_event events[DEPTH_MAX];
  uint64_t blocks = area / block, next = 0, operations = 0;
  long idle[DEPTH_MAX], idle_count = depth, under_way = 0;
  for (long n = 0; n < depth; n++) {
    void *buffer;
    if (posix_memalign(&buffer, 4096, block)) die("memory");
    /* Nothing a disk could leave out or pack. */
    for (uint64_t at = 0; at < block; at += 8) *(uint64_t *)((char *)buffer + at) = random_next();
    requests[n].aio_fildes = (uint32_t)fd;
    requests[n].aio_lio_opcode = is_write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
    requests[n].aio_buf = (uint64_t)(uintptr_t)buffer;
    requests[n].aio_nbytes = block;
    requests[n].aio_data = (uint64_t)n;
    idle[n] = n;
  }
  uint64_t started = now_ns();
  for (;;) {
    struct iocb *batch[DEPTH_MAX];
    long batch_count = 0;
    int is_over = limit ? now_ns() - started >= limit : next >= blocks;
    while (!is_over && idle_count > 0 && (limit || next < blocks)) {
      long n = idle[--idle_count];
      uint64_t at = is_random ? random_next() % blocks : next % blocks;
      next++;
      requests[n].aio_offset = (int64_t)(at * block);
      begun[n] = now_ns();
      batch[batch_count++] = &requests[n];
    }
    if (batch_count > 0 && syscall(SYS_io_submit, context, batch_count, batch) != batch_count)
      die("io_submit");
    under_way += batch_count;
    if (under_way == 0) break;
    long got = syscall(SYS_io_getevents, context, 1, (long)DEPTH_MAX, events, NULL);
    if (got < 1) die("io_getevents");
    for (long e = 0; e < got; e++) {
      if (events[e].res != (int64_t)block) {
        errno = events[e].res < 0 ? (int)-events[e].res : EIO;
        die(path);
      }
      sample(now_ns() - begun[events[e].data]);
      idle[idle_count++] = (long)events[e].data;
      operations++;
    }
    under_way -= got;
  }
  if (is_write && fsync(fd) < 0) die("fsync");
  report(operations * block, operations, now_ns() - started);
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
  if (!strcmp(what, "disk") && count == 9) disk(words + 2);
  else if (!strcmp(what, "serve") && count == 3) serve(words + 2);
  else if (!strcmp(what, "stream") && count == 5) stream(words + 2);
  else if (!strcmp(what, "ping") && count == 5) ping(words + 2);
  else {
    fprintf(stderr, "probe disk|serve|stream|ping …: see the source\n");
    return 2;
  }
  return 0;
}
