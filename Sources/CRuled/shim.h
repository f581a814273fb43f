#ifndef RULED_SHIM_H
#define RULED_SHIM_H

/* What Swift's Glibc module leaves out (malloc.h), or, in optimised builds, takes for a part of CoreFoundation
 * (struct stat). */

#include <malloc.h>
#include <stdint.h>
#include <sys/stat.h>

struct ruled_file_status {
    uint64_t device, inode;
    int64_t size, seconds, nanoseconds;
};

/* stat(2), of which the fields above are kept; 0 where it succeeds. */
static inline int ruled_file_status(const char *path, struct ruled_file_status *status) {
    struct stat found;
    if (stat(path, &found) != 0) return -1;
    status->device = (uint64_t)found.st_dev;
    status->inode = (uint64_t)found.st_ino;
    status->size = (int64_t)found.st_size;
    status->seconds = (int64_t)found.st_mtim.tv_sec;
    status->nanoseconds = (int64_t)found.st_mtim.tv_nsec;
    return 0;
}

/* Whether an open file is a regular one: neither a directory nor a pipe, a socket or a device. */
static inline int ruled_is_regular_file(int descriptor) {
    struct stat found;
    return fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode);
}

#endif
