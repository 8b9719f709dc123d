/*
 * Stands between a process and the C library, and lets whoever writes the control file make its disk fail and its clock
 * jump. Only files below FAULTY_FOLDER fail. The control file holds, in the machine's byte order: the errno that writes
 * fail with (int32, 0: none), the errno that reads fail with (int32), by how many ms the clock is wrong (int64).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

struct control {
  volatile int32_t write_errno;
  volatile int32_t read_errno;
  volatile int64_t clock_offset_ms;
};

static struct control nothing;
static struct control *control = &nothing;
static char folder[4096];

__attribute__((constructor)) static void start(void) {
  const char *file = getenv("FAULTY_CONTROL");
  const char *below = getenv("FAULTY_FOLDER");
  if (file == NULL || below == NULL) return;
  int fd = open(file, O_RDONLY);
  if (fd < 0) return;
  void *mapped = mmap(NULL, sizeof(struct control), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped == MAP_FAILED) return;
  strncpy(folder, below, sizeof folder - 1);
  control = mapped;
}

static int is_below(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}

static int fails(int fd, int error) {
  if (error == 0 || !is_below(fd)) return 0;
  errno = error;
  return 1;
}

#define REAL(name) \
  static __typeof__(&name) real; \
  if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *buffer, size_t size) {
  REAL(write);
  return fails(fd, control->write_errno) ? -1 : real(fd, buffer, size);
}

ssize_t pwrite(int fd, const void *buffer, size_t size, off_t at) {
  REAL(pwrite);
  return fails(fd, control->write_errno) ? -1 : real(fd, buffer, size, at);
}

ssize_t pwrite64(int fd, const void *buffer, size_t size, off64_t at) {
  REAL(pwrite64);
  return fails(fd, control->write_errno) ? -1 : real(fd, buffer, size, at);
}

ssize_t read(int fd, void *buffer, size_t size) {
  REAL(read);
  return fails(fd, control->read_errno) ? -1 : real(fd, buffer, size);
}

ssize_t pread(int fd, void *buffer, size_t size, off_t at) {
  REAL(pread);
  return fails(fd, control->read_errno) ? -1 : real(fd, buffer, size, at);
}

ssize_t pread64(int fd, void *buffer, size_t size, off64_t at) {
  REAL(pread64);
  return fails(fd, control->read_errno) ? -1 : real(fd, buffer, size, at);
}

int fdatasync(int fd) {
  REAL(fdatasync);
  return fails(fd, control->write_errno) ? -1 : real(fd);
}

int fsync(int fd) {
  REAL(fsync);
  return fails(fd, control->write_errno) ? -1 : real(fd);
}

int ftruncate64(int fd, off64_t size) {
  REAL(ftruncate64);
  return fails(fd, control->write_errno) ? -1 : real(fd, size);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  REAL(clock_gettime);
  int result = real(clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    int64_t offset = control->clock_offset_ms;
    int64_t nanoseconds = time->tv_nsec + (offset % 1000) * 1000000;
    time->tv_sec += offset / 1000;
    if (nanoseconds < 0) {
      time->tv_sec -= 1;
      nanoseconds += 1000000000;
    } else if (nanoseconds >= 1000000000) {
      time->tv_sec += 1;
      nanoseconds -= 1000000000;
    }
    time->tv_nsec = nanoseconds;
  }
  return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  struct timespec now;
  int result = clock_gettime(CLOCK_REALTIME, &now);
  if (result == 0) {
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
  }
  return result;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != NULL) *result = now.tv_sec;
  return now.tv_sec;
}
